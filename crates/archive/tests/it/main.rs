//! The archive and its stores against the real ones.

mod azure;
mod contract;
mod gcs;
mod local;
mod s3;
mod support;
