//! The words of a receipt. Written in this order, lists sorted, without a clock: same input, same bytes.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Repository, Tag};

use crate::inventory::schema::{DigestText, RepositoryText, TagText};

/// The media type of a receipt.
pub const RECEIPT_TYPE: &str = "application/vnd.transship.receipt.v1+json";

/// What a target has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// Always 1.
    pub schema_version: u32,
    /// Always [`RECEIPT_TYPE`].
    pub media_type: String,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// The registry, with the prefix below which archives are imported. The receipt may know of a part of it only.
    pub target: String,
    /// The latest archive taken of each lineage, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Taken>,
    /// What is in each repository, by name.
    pub repositories: Vec<Holding>,
}

/// The latest archive taken of one lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Taken {
    /// Which lineage.
    pub lineage: String,
    /// Its place there, from 1.
    pub sequence: u64,
    /// Its inventory manifest.
    #[schemars(with = "DigestText")]
    pub inventory: Digest,
}

/// What is in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holding {
    /// Which, with its registry.
    #[schemars(with = "RepositoryText")]
    pub repository: Repository,
    /// Its tags, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<HeldTag>,
    /// Its manifests, by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Held>,
    /// Its blobs, by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Held>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeldTag {
    /// Its name.
    #[schemars(with = "TagText")]
    pub tag: Tag,
    /// The manifest it points at.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
}

/// One manifest or blob.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Held {
    /// Digest.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Receipt {
    /// The JSON schema of a receipt, as it is published.
    pub fn schema() -> Schema {
        schema_for!(Receipt)
    }
}
