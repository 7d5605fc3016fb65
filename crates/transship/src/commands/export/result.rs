//! What an export wrote, or would write, as a result.

use std::fmt;

use serde::Serialize;
use transship_archive::Outline;
use transship_engine::{Gathered, Gathering, Outcome};
use transship_oci::{Digest, Error};
use transship_trust::sign::PrivateKey;

use crate::{
    amount::{Bytes, Count},
    stores::Spot,
};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// What could not be gathered, and why.
pub(crate) fn failures(gathering: &Gathering) -> impl Iterator<Item = (&str, &Error)> {
    let failed = gathering.failed.iter();
    failed.filter_map(|item| match &item.outcome {
        Outcome::Failed(error) => Some((item.source.as_str(), error)),
        Outcome::Copied | Outcome::Unchanged => None,
    })
}

/// An archive that was written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exported {
    version: u32,
    outcome: &'static str,
    archive: String,
    volumes: Vec<Volume>,
    size: u64,
    blobs: u64,
    manifests: u64,
    artifacts: Vec<Line>,
    /// What is not carried, because the target is said to have it.
    prerequisites: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    inventory: Digest,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Volume {
    name: String,
    size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    source: String,
    /// Its name behind the gap.
    name: String,
    digest: Digest,
    bytes: u64,
    blobs: u64,
    manifests: u64,
    referrers: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    source: String,
    kind: &'static str,
    message: String,
}

impl Exported {
    /// What becomes of `gathering` by `outline`.
    pub(crate) fn of(
        spot: &Spot,
        gathering: &Gathering,
        outline: &Outline,
        key: Option<&PrivateKey>,
        dry_run: bool,
    ) -> Self {
        let inventory = outline.inventory();
        let volumes = outline.keys(&spot.key).into_iter().zip(outline.volumes());
        let names = inventory.artifacts.iter().map(|carried| {
            let path = carried.target.as_deref();
            path.unwrap_or(carried.source.path()).to_owned()
        });
        Self {
            version: VERSION,
            outcome: if dry_run { "would export" } else { "exported" },
            archive: spot.shown.clone(),
            volumes: volumes
                .map(|(name, volume)| Volume {
                    name,
                    size: volume.size(),
                })
                .collect(),
            size: outline.size(),
            blobs: outline.blobs().len() as u64,
            manifests: outline.manifests().len() as u64,
            artifacts: gathering
                .gathered
                .iter()
                .zip(names)
                .map(|(one, path)| Line::of(one, &path))
                .collect(),
            prerequisites: inventory.prerequisites.len() as u64,
            failed: failures(gathering)
                .map(|(source, error)| Failed::of(source, error))
                .collect(),
            key: key.map(|key| key.public().fingerprint()),
            inventory: outline.inventory_manifest().digest(),
        }
    }
}

impl Line {
    fn of(one: &Gathered, path: &str) -> Self {
        let artifact = &one.artifact;
        let name = match artifact.tags.first() {
            Some(tag) => format!("{path}:{tag}"),
            None => format!("{path}@{}", artifact.root.digest),
        };
        Self {
            source: one.label.clone(),
            name,
            digest: artifact.root.digest,
            bytes: artifact.blobs.iter().map(|blob| blob.size).sum(),
            blobs: artifact.blobs.len() as u64,
            manifests: artifact.manifests.len() as u64,
            referrers: artifact.referrers.len() as u64,
        }
    }
}

impl Failed {
    fn of(source: &str, error: &Error) -> Self {
        Self {
            source: source.to_owned(),
            kind: error.kind().as_str(),
            message: error.to_string(),
        }
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.artifacts {
            writeln!(f, "{}  {} → {}", self.outcome, line.source, line.name)?;
            let referrers = match line.referrers {
                0 => String::new(),
                1 => ", 1 of them a referrer".to_owned(),
                more => format!(", {more} of them referrers"),
            };
            writeln!(
                f,
                "          {}  {} in {}, {}{referrers}",
                line.digest,
                Bytes(line.bytes),
                Count(line.blobs, "blob"),
                Count(line.manifests, "manifest"),
            )?;
        }
        for failed in &self.failed {
            writeln!(f, "left out  {}", failed.source)?;
        }
        if self.prerequisites > 0 {
            let what = Count(self.prerequisites, "blob");
            writeln!(f, "not carried, as the target has them: {what}")?;
        }
        for volume in &self.volumes {
            writeln!(f, "{}  {}", volume.name, Bytes(volume.size))?;
        }
        match &self.key {
            Some(key) => writeln!(f, "signed by key {key}")?,
            None => writeln!(f, "not signed")?,
        }
        writeln!(f, "inventory {}", self.inventory)
    }
}
