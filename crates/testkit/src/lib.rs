//! What the tests of all crates share.
//!
//! - [`peers`]: the programs of others, found, started and run: registries, crane, oras, regctl, skopeo, cosign.
//! - [`contract`]: what every source and every sink must do, as a function to call.
//! - [`fault`]: a registry that counts requests and misbehaves as told; [`fault::profiles`] has the known ways to.
//! - [`image`]: artifacts of every shape as bytes in memory, and random graphs of them.
//! - [`sigstore`]: keyless signatures by a certificate authority and logs of our own.
//!
//! This is for tests only. What it cannot do it panics about, there and then: a test that cannot be set up must not pass.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up must fail, and loudly"
)]

pub mod contract;
pub mod fault;
pub mod image;
pub mod peers;
pub mod sigstore;
pub mod tls;
