//! An artifact in hand: every manifest of its graph read, no layer moved yet.

use crate::{Descriptor, Digest, RawManifest, Reference, Referrer, Tag};

/// An artifact with every manifest of its graph, as whoever lays out an archive needs it before the first layer moves.
///
/// It is complete: each manifest below the root, each referrer of any of them, and each blob that one of those names is
/// listed here, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// As what it was read: repository, and the tag or digest that was asked for.
    pub reference: Reference,
    /// The tags it is to have wherever it arrives; none for what is wanted by digest only.
    pub tags: Vec<Tag>,
    /// The root.
    pub root: Descriptor,
    /// Every manifest, root and referrers included, in the order of publication: what is below first, a subject
    /// before what refers to it.
    pub manifests: Vec<RawManifest>,
    /// Everything that belongs to the root, to what is below it, or to another referrer: subject, and what refers to it.
    pub referrers: Vec<(Digest, Referrer)>,
    /// Every blob: configs and the content of referrers first, then layers in the order of first use.
    pub blobs: Vec<Descriptor>,
    /// Layers that are left out because their bytes may live elsewhere.
    pub foreign: Vec<Descriptor>,
}
