//! Settings: what a registry allows.

use std::time::Duration;

/// What a registry allows. [`Settings::default`] is a registry without surprises.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Nothing can be pushed or deleted.
    pub read_only: bool,
    /// An index may be pushed without its children, and a manifest without its blobs.
    pub sparse: bool,
    /// What `OCI-Chunk-Min-Length` says, in bytes; the header is left out for `None`.
    pub chunk_min: Option<u64>,
    /// The largest blob that is taken, in bytes.
    pub max_blob: u64,
    /// How many uploads may be under way at once.
    pub max_uploads: usize,
    /// How long an upload may wait for its next request.
    pub upload_idle: Duration,
    /// How many tags, repositories or referrers a list has on one page.
    pub page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            read_only: false,
            sparse: false,
            chunk_min: None,
            max_blob: u64::MAX,
            max_uploads: 1000,
            upload_idle: Duration::from_hours(24),
            page: 10_000,
        }
    }
}
