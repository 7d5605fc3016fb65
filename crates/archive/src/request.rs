//! Requests: what an importer lacks that an archive counted on, for whoever exports to carry it.

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use transship_oci::{Artifact, Digest, Repository, Result};

use crate::{
    document::{check_order, check_text, check_type, corrupt, read, write},
    inventory::{
        MAX_ENTRIES,
        schema::{DigestText, RepositoryText},
    },
};

/// The media type of a request.
pub const REQUEST_TYPE: &str = "application/vnd.transship.request.v1+json";
/// The largest request that is read, in bytes.
pub const MAX_REQUEST: u64 = 256 * 1024 * 1024;
const WHAT: &str = "request";

/// What a target lacks that an archive counted on. Written in this order, lists sorted, without a clock: same input, same
/// bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Always 1.
    pub schema_version: u32,
    /// Always [`REQUEST_TYPE`].
    pub media_type: String,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// The registry, with the prefix below which the archive was to be imported.
    pub target: String,
    /// The inventory manifest of the archive that asked.
    #[schemars(with = "DigestText")]
    pub archive: Digest,
    /// The artifacts of the archive that cannot be completed, by source repository and digest.
    pub artifacts: Vec<Incomplete>,
    /// The blobs that are missing, by digest.
    pub missing: Vec<Missing>,
}

/// An artifact that cannot be completed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Incomplete {
    /// Where it came from.
    #[schemars(with = "RepositoryText")]
    pub source: Repository,
    /// Its root.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
}

/// A blob that is missing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Missing {
    /// Digest.
    #[schemars(with = "DigestText")]
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Request {
    /// A request, in its order.
    ///
    /// # Errors
    /// `Corrupt` when a text is not short and in one line, or when there is too much of it.
    pub fn new(
        generator: &str,
        target: &str,
        archive: Digest,
        artifacts: impl IntoIterator<Item = Incomplete>,
        missing: impl IntoIterator<Item = Missing>,
    ) -> Result<Self> {
        let artifacts: BTreeSet<_> = artifacts.into_iter().collect();
        let missing: BTreeSet<_> = missing.into_iter().collect();
        let request = Self {
            schema_version: 1,
            media_type: REQUEST_TYPE.to_owned(),
            generator: generator.to_owned(),
            target: target.to_owned(),
            archive,
            artifacts: artifacts.into_iter().collect(),
            missing: missing.into_iter().collect(),
        };
        request.check()?;
        Ok(request)
    }

    /// The JSON schema of a request, as it is published.
    pub fn schema() -> Schema {
        schema_for!(Request)
    }

    /// The bytes that are signed and carried.
    ///
    /// # Errors
    /// `Internal`, should it not be writable.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write(WHAT, self)
    }

    /// Reads and checks a request.
    ///
    /// # Errors
    /// `Corrupt` with the name of the field; `Unsupported` for another version than ours.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let request: Self = read(WHAT, json, MAX_REQUEST)?;
        request.check()?;
        Ok(request)
    }

    /// What the answer leaves out: of these artifacts all blobs that were not asked for.
    pub fn prerequisites<'a>(
        &self,
        artifacts: impl IntoIterator<Item = &'a Artifact>,
    ) -> BTreeSet<Digest> {
        let missing: BTreeSet<_> = self.missing.iter().map(|it| it.digest).collect();
        let blobs = artifacts.into_iter().flat_map(|artifact| &artifact.blobs);
        let digests = blobs.map(|blob| blob.digest);
        digests.filter(|digest| !missing.contains(digest)).collect()
    }

    fn check(&self) -> Result<()> {
        let said = (self.schema_version, &*self.media_type);
        check_type(WHAT, said, (1, REQUEST_TYPE))?;
        check_text(WHAT, "generator", &self.generator)?;
        check_text(WHAT, "target", &self.target)?;
        let count = self.artifacts.len() + self.missing.len();
        if count > MAX_ENTRIES {
            return Err(corrupt(format!(
                "the request lists {count} entries, more than the limit of {MAX_ENTRIES}"
            )));
        }
        check_order(WHAT, "artifacts", &self.artifacts)?;
        check_order(WHAT, "missing", self.missing.iter().map(|it| it.digest))
    }
}

#[cfg(test)]
mod tests;
