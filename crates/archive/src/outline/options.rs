//! What the exporter says of an archive beside what is in it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use transship_oci::{Digest, Repository};

use crate::inventory::TagPolicy;

/// How an archive is laid out, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineOptions {
    /// The program that writes it, with its version.
    pub generator: String,
    /// Its place among others, if it has one.
    pub lineage: Option<Lineage>,
    /// May tags be moved at the target?
    pub tag_policy: TagPolicy,
    /// The repositories that are meant for another path than their own, relative to whatever the importer names.
    pub targets: BTreeMap<Repository, String>,
    /// Blobs that the target is said to have: they are listed and not carried. Those that nobody needs are passed over.
    pub prerequisites: BTreeSet<Digest>,
    /// What travels along for the far side to look at.
    pub trust: Vec<TrustMaterial>,
    /// The largest volume, in bytes; `None` for one file of any size.
    pub volume_size: Option<u64>,
}

impl OutlineOptions {
    /// A whole archive in one file, without trust material, whose tags are not to be moved.
    pub fn new(generator: impl Into<String>) -> Self {
        Self {
            generator: generator.into(),
            lineage: None,
            tag_policy: TagPolicy::CreateOnly,
            targets: BTreeMap::new(),
            prerequisites: BTreeSet::new(),
            trust: Vec::new(),
            volume_size: None,
        }
    }
}

/// The place of an archive among those that a target takes in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// What the archives have in common.
    pub name: String,
    /// The place, from 1.
    pub sequence: u64,
    /// The inventory manifest of the archive before.
    pub predecessor: Option<Digest>,
}

/// A file of trust material: a key, a trusted root, a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustMaterial {
    /// A plain file name.
    pub name: String,
    /// Its content.
    pub bytes: Bytes,
}
