//! The binary as a black box: what it prints, what it sends, how it ends.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod archive;
mod asked;
mod conformance;
mod copy;
mod doctor;
mod events;
mod gate;
mod inspect;
mod large;
mod login;
mod peers;
mod pen;
mod plan;
mod planted_keys;
mod policy;
mod quickstart;
#[cfg(feature = "tuf")]
mod refresh;
mod secrets;
mod serve;
mod sign;
mod signals;
mod statement;
mod sync;
mod tags;
mod tree;
mod usage;
mod verify;
mod world;
