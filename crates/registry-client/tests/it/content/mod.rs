//! Repositories: what is read, what is written, and with how many requests.

mod blobs;
mod contract;
mod deleting;
mod fallback;
mod manifests;
mod mounts;
mod other_host;
mod peers;
mod probes;
mod profiles;
mod referrers;
mod resume;
mod support;
mod tagging;
mod tags;
mod uploads;
