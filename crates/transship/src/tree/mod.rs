//! An artifact as a person thinks of it: an index, its platforms, their layers; and beside each what belongs to it.

mod draw;
mod kind;
mod walk;

use serde::Serialize;
use transship_oci::{Digest, Platform};

pub(crate) use self::{draw::Drawing, kind::Kind, walk::walk};

/// A manifest with everything below and beside it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its media type.
    pub(crate) media_type: String,
    /// The manifest's own length in bytes.
    pub(crate) size: u64,
    /// What it is.
    #[serde(flatten)]
    pub(crate) kind: Kind,
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub(crate) platform: Option<Platform>,
    /// How it is tied to the node that it stands beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tie: Option<Tie>,
    /// For one that stands in an index: what it says it belongs to.
    #[serde(skip)]
    pub(crate) subject_in_index: Option<Digest>,
    /// It is named and not there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) missing: bool,
    /// Its configuration and layers, in that order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) blobs: Vec<Piece>,
    /// Manifests below an index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Node>,
    /// Signatures, attestations, SBOMs and whatever else belongs to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) referrers: Vec<Node>,
}

/// How one artifact is tied to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "via", content = "tag", rename_all = "kebab-case")]
pub(crate) enum Tie {
    /// Its manifest names its subject.
    Subject,
    /// It lies under a tag made of its subject's digest.
    Tag(String),
    /// It stands in the same index, with an annotation that names its subject (`BuildKit`).
    Index,
}

/// A blob.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Piece {
    /// `config`, `layer` or `foreign-layer`.
    pub(crate) role: &'static str,
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its media type.
    pub(crate) media_type: String,
    /// Its length in bytes.
    pub(crate) size: u64,
}

impl Node {
    /// Bytes of everything below, each blob and manifest as often as it is named.
    pub(crate) fn total(&self) -> u64 {
        let blobs: u64 = self
            .blobs
            .iter()
            .filter(|piece| piece.role != "foreign-layer")
            .map(|piece| piece.size)
            .sum();
        self.size + blobs + self.children.iter().map(Self::total).sum::<u64>()
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn as_text<S: serde::Serializer>(
    platform: &Option<Platform>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match platform {
        Some(platform) => serializer.collect_str(platform),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
