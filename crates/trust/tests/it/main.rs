//! The crate against signatures that others made, and against signatures that were tampered with.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod conformance;
mod containers;
mod crowd;
mod find;
mod key;
mod keyless;
mod live;
mod make;
mod nodes;
mod peers;
mod pki;
mod policy;
mod shelf;
mod tamper;
mod vectors;
