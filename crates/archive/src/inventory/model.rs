//! The words of the inventory. Written in this order, without a clock: same input, same bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Repository, Tag};

use super::schema::{DigestText, RepositoryText, TagText};

/// The media type of an inventory, and the artifact type of the manifest that carries it.
pub const INVENTORY_TYPE: &str = "application/vnd.transship.inventory.v1+json";

/// What an archive holds.
///
/// The bytes of a manifest, of trust material and of the empty descriptor (`{}`) lie in the head of every volume and are
/// listed under `manifests` and `trust` only, whatever else names them as a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// Always 1.
    pub schema_version: u32,
    /// Always [`INVENTORY_TYPE`].
    pub media_type: String,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// Archives of one lineage follow each other; each target takes them in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<String>,
    /// Place in the lineage, from 1. A target that has seen a higher one refuses this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The digest of the inventory manifest of the archive before this one.
    #[schemars(with = "Option<DigestText>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Digest>,
    /// May tags be moved at the target?
    pub tag_policy: TagPolicy,
    /// What is carried, in the order it was asked for.
    pub artifacts: Vec<Carried>,
    /// Every manifest once, in the order it lies in the head of every volume.
    pub manifests: Vec<Manifest>,
    /// Every blob once, in the order of the stream.
    pub blobs: Vec<Blob>,
    /// What is not carried, because the target is said to have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// The volumes, in order; one for an archive that is not cut.
    pub volumes: Vec<Volume>,
    /// Keys, trusted root and policy that travel along, for the far side to look at. Carrying them does not make
    /// them trusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<TrustFile>,
}

/// May tags be moved at the target? The importer's own options are what counts; this says what the exporter meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagPolicy {
    /// A tag that is there is not moved.
    CreateOnly,
    /// It is.
    Overwrite,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Carried {
    /// Repository it was read from, with its registry.
    #[schemars(with = "RepositoryText")]
    pub source: Repository,
    /// Repository it is meant for, relative to whatever registry or prefix the importer names. Without it, the
    /// source's without its registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Tags to give it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<TagText>")]
    pub tags: Vec<Tag>,
    /// Its root.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// What belongs to it and to what is below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<Ownership>,
    /// Layers that were left out because their bytes may live elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<DigestText>")]
    pub foreign: Vec<Digest>,
}

/// That a manifest belongs to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ownership {
    /// To which manifest.
    #[schemars(with = "DigestText")]
    pub subject: Digest,
    /// Which.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// The tag that ties it (`sha256-<hex>.sig`); none where its manifest names the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TagText>")]
    pub tag: Option<Tag>,
}

/// One manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Media type.
    pub media_type: String,
    /// Digest.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// One blob, and where its bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blob {
    /// Digest.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Where they lie: one piece, or one for every volume that it is cut over.
    pub pieces: Vec<Piece>,
}

/// Consecutive bytes of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Piece {
    /// Volume, from 1.
    pub volume: u32,
    /// Where the bytes begin, counted from the first byte after the head of that volume: a signature over this list is
    /// part of the head, so the list cannot count from the beginning of the file.
    pub offset: u64,
    /// How many.
    pub size: u64,
}

/// A blob that the target is said to have. Manifests are always carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prerequisite {
    /// Digest.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// Bytes of its body, from the end of the head to the first byte of the checksums or of the end of the tar.
    pub body: u64,
}

/// One file of the trust material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustFile {
    /// Name without folders, such as `policy.yaml`, `trusted_root.json`, `vendor.pub`.
    pub name: String,
    /// Digest; the bytes lie in the head.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}
