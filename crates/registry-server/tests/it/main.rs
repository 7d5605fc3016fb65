//! The registry over the wire, on every store it has.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up must fail, and loudly"
)]

mod auth;
mod blobs;
mod conformance;
mod disk;
mod kill;
mod lists;
mod local;
mod manifests;
mod peers;
mod referrers;
mod served;
mod sources;
mod support;
mod tls;
mod uploads;
