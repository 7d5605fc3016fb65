//! The client against servers that keep the specification, and against some that do not.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up must fail, and loudly"
)]

mod content;
mod transport;
