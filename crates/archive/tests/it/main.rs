//! The archive and its stores against the real ones.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up must fail, and loudly"
)]

mod azure;
mod carried;
mod contract;
mod copy;
mod foreign;
mod gcs;
mod killed;
mod local;
mod preflight;
mod readers;
mod retries;
mod s3;
mod secrets;
mod served;
mod support;
mod whole_way;
