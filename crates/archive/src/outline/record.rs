//! What the inventory says of an outline.

use transship_oci::{Artifact, Descriptor, Digest, Tie};

use super::{OutlineOptions, cargo::Cargo, volume::VolumeOutline};
use crate::inventory::{
    Blob, Carried, INVENTORY_TYPE, Inventory, Manifest, Ownership, Piece, Prerequisite, TrustFile,
    Volume,
};

/// Writes down what an archive holds.
pub(super) fn inventory(
    artifacts: &[Artifact],
    options: &OutlineOptions,
    cargo: &Cargo,
    blobs: &[Descriptor],
    volumes: &[VolumeOutline],
) -> Inventory {
    let lineage = options.lineage.as_ref();
    let manifests = cargo.manifests.iter().map(|manifest| Manifest {
        media_type: manifest.media_type().to_owned(),
        digest: manifest.digest(),
        size: manifest.descriptor().size,
    });
    let trust = options.trust.iter().map(|file| TrustFile {
        name: file.name.clone(),
        digest: Digest::sha256(&file.bytes),
        size: file.bytes.len() as u64,
    });
    let prerequisites = cargo.prerequisites.iter().map(|blob| Prerequisite {
        digest: blob.digest,
        size: blob.size,
    });
    let bodies = volumes.iter().map(|volume| Volume {
        body: volume.body_len(),
    });
    Inventory {
        schema_version: 1,
        media_type: INVENTORY_TYPE.to_owned(),
        generator: options.generator.clone(),
        lineage: lineage.map(|it| it.name.clone()),
        sequence: lineage.map(|it| it.sequence),
        predecessor: lineage.and_then(|it| it.predecessor),
        tag_policy: options.tag_policy,
        artifacts: artifacts.iter().map(|it| carried(it, options)).collect(),
        manifests: manifests.collect(),
        blobs: pieces(blobs, volumes),
        prerequisites: prerequisites.collect(),
        volumes: bodies.collect(),
        trust: trust.collect(),
    }
}

fn carried(artifact: &Artifact, options: &OutlineOptions) -> Carried {
    let referrers = artifact
        .referrers
        .iter()
        .map(|(subject, referrer)| Ownership {
            subject: *subject,
            digest: referrer.descriptor.digest,
            tag: match &referrer.tie {
                Tie::Tag(tag) => Some(tag.clone()),
                Tie::Subject => None,
            },
        });
    let source = &artifact.reference.repository;
    Carried {
        source: source.clone(),
        target: options.targets.get(source).cloned(),
        tags: artifact.tags.clone(),
        digest: artifact.root.digest,
        referrers: referrers.collect(),
        foreign: artifact.foreign.iter().map(|layer| layer.digest).collect(),
    }
}

fn pieces(blobs: &[Descriptor], volumes: &[VolumeOutline]) -> Vec<Blob> {
    let mut listed: Vec<_> = blobs
        .iter()
        .map(|blob| Blob {
            digest: blob.digest,
            size: blob.size,
            pieces: Vec::new(),
        })
        .collect();
    for (number, volume) in (1..).zip(volumes) {
        for stowed in volume.stowed() {
            listed[stowed.blob].pieces.push(Piece {
                volume: number,
                offset: stowed.offset,
                size: stowed.size,
            });
        }
    }
    listed
}
