//! The test kit, tested.
#![expect(clippy::unwrap_used, reason = "a test may fail this way")]

mod client;
mod contract;
mod faults;
mod habits;
mod peers;
mod profiles;
mod survival;
mod tokens;
