//! What must be true of an inventory, whoever wrote it.

use std::{collections::HashSet, hash::Hash};

use transship_oci::{Digest, Error, ErrorKind, MAX_MANIFEST, Repository, Result, media_type};

use super::{Carried, INVENTORY_TYPE, Inventory};

/// The most entries of any list.
pub const MAX_ENTRIES: usize = 1_000_000;
/// The most volumes.
pub const MAX_VOLUMES: usize = 9_999;
/// The most files of trust material.
const MAX_TRUST: usize = 1_000;
/// The longest free text, in bytes.
const MAX_TEXT: usize = 255;

pub(super) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

impl Inventory {
    /// Is it an inventory of ours, and does it agree with itself?
    ///
    /// Lists are within their caps; no digest is listed twice; nothing is carried and a prerequisite at once; what an
    /// artifact names is there; and the pieces of the blobs lie exactly where the writer puts them, so that none
    /// overlaps another, lies outside its volume or leaves a gap where something could hide.
    ///
    /// # Errors
    /// `Corrupt` with the place and the reason; `Unsupported` for another version than ours.
    pub fn check(&self) -> Result<()> {
        self.check_version()?;
        self.check_counts()?;
        self.check_lineage()?;
        let manifests = self.check_manifests()?;
        self.check_blobs(&manifests)?;
        for (number, artifact) in self.artifacts.iter().enumerate() {
            check_artifact(artifact, &manifests)
                .map_err(|what| corrupt(format!("artifacts[{number}] of the inventory {what}")))?;
        }
        self.check_trust()?;
        self.check_stream()
    }

    fn check_version(&self) -> Result<()> {
        let unsupported = |message: String| {
            Err(Error::new(ErrorKind::Unsupported, message)
                .hinting("read it with a newer transship"))
        };
        if self.schema_version != 1 {
            let version = self.schema_version;
            return unsupported(format!("inventory version {version} is not known here"));
        }
        if self.media_type != INVENTORY_TYPE {
            return unsupported(format!("the inventory does not say it is {INVENTORY_TYPE}"));
        }
        check_text("generator", &self.generator)
    }

    fn check_counts(&self) -> Result<()> {
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.sum();
        let lists = [
            ("artifacts", self.artifacts.len(), MAX_ENTRIES),
            ("manifests", self.manifests.len(), MAX_ENTRIES),
            ("blobs", self.blobs.len(), MAX_ENTRIES),
            ("prerequisites", self.prerequisites.len(), MAX_ENTRIES),
            ("volumes", self.volumes.len(), MAX_VOLUMES),
            ("trust", self.trust.len(), MAX_TRUST),
            (
                "pieces of blobs",
                sum(&mut self.blobs.iter().map(|blob| blob.pieces.len())),
                MAX_ENTRIES,
            ),
            (
                "referrers",
                sum(&mut self.artifacts.iter().map(|it| it.referrers.len())),
                MAX_ENTRIES,
            ),
        ];
        for (name, count, limit) in lists {
            if count > limit {
                return Err(corrupt(format!(
                    "the inventory lists {count} {name}, more than the limit of {limit}"
                )));
            }
        }
        if self.volumes.is_empty() {
            return Err(corrupt("the inventory lists no volume"));
        }
        Ok(())
    }

    fn check_lineage(&self) -> Result<()> {
        if let Some(lineage) = &self.lineage {
            check_text("lineage", lineage)?;
        }
        match (&self.lineage, self.sequence) {
            (Some(_), Some(1..)) => Ok(()),
            (None, None) if self.predecessor.is_none() => Ok(()),
            _ => Err(corrupt(
                "the inventory has a lineage without a sequence from 1 on, or the reverse",
            )),
        }
    }

    fn check_manifests(&self) -> Result<HashSet<Digest>> {
        let digests = self.manifests.iter().map(|manifest| manifest.digest);
        let digests = distinct("manifest", digests)?;
        for manifest in &self.manifests {
            let digest = manifest.digest;
            if !media_type::is_manifest(&manifest.media_type) {
                return Err(corrupt(format!(
                    "manifest {digest} of the inventory is of a type that is none of a manifest"
                )));
            }
            if manifest.size > MAX_MANIFEST {
                return Err(corrupt(format!(
                    "manifest {digest} of the inventory is over the limit of {MAX_MANIFEST} bytes"
                )));
            }
        }
        Ok(digests)
    }

    fn check_blobs(&self, manifests: &HashSet<Digest>) -> Result<()> {
        let blobs = distinct("blob", self.blobs.iter().map(|blob| blob.digest))?;
        let wanted = self.prerequisites.iter().map(|wanted| wanted.digest);
        let wanted = distinct("prerequisite", wanted)?;
        if let Some(twice) = blobs.iter().find(|it| manifests.contains(*it)) {
            return Err(corrupt(format!(
                "the inventory lists {twice} as a manifest and as a blob"
            )));
        }
        if let Some(both) = wanted
            .iter()
            .find(|it| blobs.contains(*it) || manifests.contains(*it))
        {
            return Err(corrupt(format!(
                "the inventory lists {both} as carried and as a prerequisite"
            )));
        }
        Ok(())
    }

    fn check_trust(&self) -> Result<()> {
        distinct("trust file", self.trust.iter().map(|file| &file.name))?;
        for file in &self.trust {
            check_file_name(&file.name)?;
        }
        Ok(())
    }
}

fn check_artifact(artifact: &Carried, manifests: &HashSet<Digest>) -> Result<(), String> {
    let known = |what: &str, digest: &Digest| {
        if manifests.contains(digest) {
            return Ok(());
        }
        Err(format!("names {what} {digest}, which is no manifest of it"))
    };
    known("root", &artifact.digest)?;
    for referrer in &artifact.referrers {
        known("subject", &referrer.subject)?;
        known("referrer", &referrer.digest)?;
    }
    if let Some(target) = &artifact.target
        && Repository::new("target.example", target).is_err()
    {
        return Err("is meant for a repository that no registry takes".to_owned());
    }
    Ok(())
}

/// The items, each of which must be there once.
fn distinct<T: Hash + Eq + std::fmt::Display>(
    what: &str,
    items: impl Iterator<Item = T>,
) -> Result<HashSet<T>> {
    let mut seen = HashSet::new();
    for item in items {
        if seen.contains(&item) {
            return Err(corrupt(format!("the inventory lists {what} {item} twice")));
        }
        seen.insert(item);
    }
    Ok(seen)
}

/// Free text that is shown to people: short, and unable to move their cursor.
fn check_text(field: &str, text: &str) -> Result<()> {
    if text.is_empty() || text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(corrupt(format!(
            "{field} of the inventory is not a text of 1 to {MAX_TEXT} bytes without control characters"
        )));
    }
    Ok(())
}

/// A name that means the same file in every folder, on every system.
pub(crate) fn check_file_name(name: &str) -> Result<()> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"._-+@".contains(&b);
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !name.bytes().all(known) {
        return Err(corrupt(format!(
            "trust file {name:?} of the inventory is not a plain file name"
        )));
    }
    Ok(())
}
