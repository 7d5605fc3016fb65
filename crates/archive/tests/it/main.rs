//! The archive and its stores against the real ones.

mod azure;
mod contract;
mod s3;
mod support;
