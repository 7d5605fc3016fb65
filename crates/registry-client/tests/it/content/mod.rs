//! Repositories: what is read, what is written, and with how many requests.

mod blobs;
mod deleting;
mod fallback;
mod manifests;
mod mounts;
mod peers;
mod referrers;
mod resume;
mod support;
mod tagging;
mod tags;
mod uploads;
