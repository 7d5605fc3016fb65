//! What an archive holds, told in numbers: from its head alone.

use serde::Serialize;
use transship_oci::{Descriptor, Digest, Platform};

use super::{archive::Archive, closure::Closure};
use crate::inventory::Carried;

/// So many, with so many bytes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// Bytes of all together.
    pub bytes: u64,
}

impl Total {
    pub(super) fn of(sizes: impl Iterator<Item = u64>) -> Self {
        sizes.fold(Self::default(), |total, size| Self {
            count: total.count + 1,
            bytes: total.bytes.saturating_add(size),
        })
    }
}

/// An archive in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The digest of the inventory's manifest.
    pub digest: Digest,
    /// The program that wrote it.
    pub generator: String,
    /// What its predecessors and successors have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<String>,
    /// Its place among those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The manifests in it.
    pub manifests: Total,
    /// The blobs in it.
    pub blobs: Total,
    /// What the target is said to have.
    pub prerequisites: Total,
    /// Its files.
    pub volumes: Total,
    /// Signatures of the inventory that are there. Whether they are good is not known here.
    pub seals: u64,
    /// The names of the trust material.
    pub trust: Vec<String>,
    /// The artifacts.
    pub artifacts: Vec<ArtifactSummary>,
}

/// One artifact in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactSummary {
    /// Repository that it was read from.
    pub source: String,
    /// Repository that it is meant for, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its root.
    pub digest: Digest,
    /// What its root is.
    pub media_type: String,
    /// What kind of artifact it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What it runs on, for an index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// Its manifests, those of its evidence included.
    pub manifests: Total,
    /// Its blobs, whoever else needs them too.
    pub blobs: Total,
    /// Those of its blobs that the target is said to have.
    pub prerequisites: Total,
    /// What belongs to it.
    pub evidence: Vec<Evidence>,
    /// Volumes that are needed for it and not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_volumes: Vec<u32>,
}

/// Something that belongs to an artifact, or to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What it belongs to.
    pub subject: Digest,
    /// Its manifest.
    pub digest: Digest,
    /// What kind of artifact it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The tag that ties it, where it is no field of its manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Archive {
    /// What it holds. Reads nothing: all of it is known.
    pub fn summary(&self) -> Summary {
        let inventory = self.inventory();
        let bodies = (1..).take(inventory.volumes.len());
        Summary {
            digest: self.digest(),
            generator: inventory.generator.clone(),
            lineage: inventory.lineage.clone(),
            sequence: inventory.sequence,
            manifests: Total::of(inventory.manifests.iter().map(|it| it.size)),
            blobs: Total::of(inventory.blobs.iter().map(|it| it.size)),
            prerequisites: Total::of(inventory.prerequisites.iter().map(|it| it.size)),
            volumes: Total::of(bodies.map(|volume| self.volume_size(volume))),
            seals: self.seals(),
            trust: inventory
                .trust
                .iter()
                .map(|file| file.name.clone())
                .collect(),
            artifacts: inventory
                .artifacts
                .iter()
                .map(|it| self.artifact_summary(it))
                .collect(),
        }
    }

    /// Bytes of a volume; of its body only, where its head is not known.
    fn volume_size(&self, volume: u32) -> u64 {
        let known = self.head.volume(volume).map(|volume| volume.object.size());
        known.unwrap_or_else(|_| self.inventory().body(volume))
    }

    fn artifact_summary(&self, carried: &Carried) -> ArtifactSummary {
        let closure = Closure::of(carried, &self.head.manifests);
        let root = self.head.manifests.get(&carried.digest);
        let children = root.map(|root| &root.children);
        let blobs = || closure.blobs.iter().chain(&closure.foreign);
        let lacking = blobs().filter(|blob| self.head.is_wanted(&blob.digest));
        let here = blobs().filter(|blob| self.head.blob(&blob.digest).is_some());
        let mut missing: Vec<u32> = blobs()
            .flat_map(|blob| self.head.lost(&blob.digest))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let listed = children
            .into_iter()
            .flat_map(|children| &children.manifests);
        ArtifactSummary {
            source: carried.source.to_string(),
            target: carried.target.clone(),
            tags: carried.tags.iter().map(ToString::to_string).collect(),
            digest: carried.digest,
            media_type: root
                .map(|root| root.manifest.media_type().to_owned())
                .unwrap_or_default(),
            artifact_type: children.and_then(|children| children.artifact_type.clone()),
            platforms: platforms(listed),
            manifests: Total::of(
                closure
                    .manifests
                    .iter()
                    .map(|it| it.manifest.descriptor().size),
            ),
            blobs: Total::of(here.map(|blob| blob.size)),
            prerequisites: Total::of(lacking.map(|blob| blob.size)),
            evidence: self.evidence(carried),
            missing_volumes: missing,
        }
    }

    fn evidence(&self, carried: &Carried) -> Vec<Evidence> {
        let owned = carried.referrers.iter();
        let evidence = owned.map(|ownership| {
            let node = self.head.manifests.get(&ownership.digest);
            Evidence {
                subject: ownership.subject,
                digest: ownership.digest,
                artifact_type: node.and_then(|node| node.children.artifact_type.clone()),
                tag: ownership.tag.as_ref().map(ToString::to_string),
            }
        });
        evidence.collect()
    }
}

/// What the children of an index run on, each once. `BuildKit` lists attestations as of an unknown platform.
fn platforms<'a>(children: impl Iterator<Item = &'a Descriptor>) -> Vec<String> {
    let known = |platform: &&Platform| platform.os != "unknown";
    let found = children
        .filter_map(|child| child.platform.as_ref())
        .filter(known);
    let mut names: Vec<String> = found.map(ToString::to_string).collect();
    names.dedup();
    names
}
