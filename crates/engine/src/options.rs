//! How to copy: what applies to every job of a run.

use transship_oci::Platform;

/// The choices of one run. The default carries everything and moves no tag.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct Options {
    /// Let a tag that exists point at another digest. Without it, such a tag is a conflict.
    pub move_tags: bool,
    /// Platforms that every artifact must serve; checked before anything moves.
    pub require_platforms: Vec<Platform>,
    /// Carry only these platforms. Rewrites the index: its digest changes and its signatures no longer cover it.
    pub platforms: Vec<Platform>,
    /// Carry layers whose bytes may live elsewhere (non-distributable), which are left out otherwise.
    pub include_foreign: bool,
    /// Carry signatures, attestations, SBOMs and all other referrers.
    pub referrers: bool,
    /// Ask the target for everything below what it has, instead of trusting that a manifest has its pieces.
    pub recheck: bool,
    /// How many artifacts are worked on at once; at least one.
    pub parallel: usize,
    /// How many blobs are open at once for a sink that takes them one after another; at least one.
    pub open_blobs: usize,
    /// Where a graph is too large to be an honest one.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            move_tags: false,
            require_platforms: Vec::new(),
            platforms: Vec::new(),
            include_foreign: false,
            referrers: true,
            recheck: false,
            parallel: 32,
            open_blobs: 8,
            limits: Limits::default(),
        }
    }
}

/// Caps on the graph of one artifact, and on what is held of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps from the root: index to child, subject to referrer.
    pub depth: usize,
    /// Manifests in all.
    pub nodes: usize,
    /// Bytes of the manifests of all artifacts that are gathered together; each manifest counts once.
    pub gathered: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 8,
            nodes: 100_000,
            gathered: 256 * 1024 * 1024,
        }
    }
}
