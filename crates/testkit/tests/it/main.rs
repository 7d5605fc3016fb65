//! The test kit, tested.
#![expect(clippy::unwrap_used, reason = "a test may fail this way")]

mod peers;
