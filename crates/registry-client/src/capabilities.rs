//! What a host can do, learnt from what it did. Never from its name.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The ways to send a blob once an upload session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// All bytes in the closing PUT.
    SinglePut,
    /// All bytes in one PATCH of known length, then an empty PUT.
    StreamPatch,
    /// Many PATCH requests with `Content-Range`, then an empty PUT.
    Chunked,
}

/// A blob up to this size goes out in the closing PUT: two requests, one round trip less than with a PATCH. A larger
/// one goes by PATCH, because only a PATCH can be continued after a cut (distribution-spec, "Pushing a blob in chunks").
pub(crate) const SINGLE_PUT: u64 = 8 * 1024 * 1024;

/// What one host has shown. Shared by all its repositories.
#[derive(Debug)]
pub(crate) struct Capabilities {
    /// The size from which on each way was refused, by [`Way`].
    refused: [AtomicU64; 3],
    /// Multi-tag PUT was tried and is not understood.
    no_multi_tag: AtomicBool,
    /// Mounting was tried and is not understood.
    no_mount: AtomicBool,
    /// A PUT with `If-Match` was refused with 412 once: entity tags are honoured here.
    if_match: AtomicBool,
    /// The smallest body that was refused as too large.
    too_large: AtomicU64,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            refused: std::array::from_fn(|_| AtomicU64::new(u64::MAX)),
            no_multi_tag: AtomicBool::new(false),
            no_mount: AtomicBool::new(false),
            if_match: AtomicBool::new(false),
            too_large: AtomicU64::new(u64::MAX),
        }
    }
}

impl Capabilities {
    /// The ways to send a blob of `size`, the best first; those that were refused for such a size come last, because
    /// what refuses today may be mended tomorrow and an upload that cannot go any way must still say why.
    pub(crate) fn ways(&self, size: u64) -> [Way; 3] {
        let mut ways = if size <= SINGLE_PUT {
            [Way::SinglePut, Way::StreamPatch, Way::Chunked]
        } else {
            [Way::StreamPatch, Way::Chunked, Way::SinglePut]
        };
        ways.sort_by_key(|way| self.refused[*way as usize].load(Relaxed) <= size);
        ways
    }

    /// `way` was refused for a blob of `size`, and another way then worked. `by_size` when the reason was the size.
    pub(crate) fn learn_refused(&self, way: Way, size: u64, by_size: bool) {
        let from = if by_size { size } else { 0 };
        self.refused[way as usize].fetch_min(from, Relaxed);
    }

    pub(crate) fn multi_tag(&self) -> bool {
        !self.no_multi_tag.load(Relaxed)
    }

    pub(crate) fn learn_no_multi_tag(&self) {
        self.no_multi_tag.store(true, Relaxed);
    }

    pub(crate) fn mount(&self) -> bool {
        !self.no_mount.load(Relaxed)
    }

    pub(crate) fn learn_no_mount(&self) {
        self.no_mount.store(true, Relaxed);
    }

    pub(crate) fn if_match(&self) -> bool {
        self.if_match.load(Relaxed)
    }

    pub(crate) fn learn_if_match(&self) {
        self.if_match.store(true, Relaxed);
    }

    /// The smallest body that was refused as too large, if any was.
    pub(crate) fn size_limit(&self) -> Option<u64> {
        Some(self.too_large.load(Relaxed)).filter(|size| *size < u64::MAX)
    }

    pub(crate) fn learn_too_large(&self, size: u64) {
        self.too_large.fetch_min(size, Relaxed);
    }
}

#[cfg(test)]
mod tests;
