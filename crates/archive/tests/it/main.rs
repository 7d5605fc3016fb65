//! The archive and its stores against the real ones.

mod azure;
mod carried;
mod contract;
mod gcs;
mod killed;
mod local;
mod preflight;
mod readers;
mod retries;
mod s3;
mod support;
