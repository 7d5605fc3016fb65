//! The head of a volume: everything but blobs.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::json;
use transship_oci::{Artifact, Descriptor, Digest, RawManifest, Result, media_type};

use super::{OutlineOptions, Sealed, cargo::Cargo, empty};
use crate::{
    index::{self, Entries},
    inventory::INVENTORY_TYPE,
    layout,
    tar::write,
};

/// The media type of a file of trust material.
pub(crate) const TRUST_TYPE: &str = "application/vnd.transship.trust.v1";
/// The name of a file (image-spec, annotations.md).
const TITLE: &str = "org.opencontainers.image.title";

/// The manifest under which an inventory travels, and is signed.
pub(super) fn inventory_manifest(
    inventory: &[u8],
    options: &OutlineOptions,
) -> Result<RawManifest> {
    let config = Descriptor::of(INVENTORY_TYPE, inventory);
    let files = options.trust.iter().map(|file| {
        let mut node = Descriptor::of(TRUST_TYPE, &file.bytes);
        node.annotations.insert(TITLE.to_owned(), file.name.clone());
        node
    });
    let mut layers: Vec<_> = files.collect();
    if layers.is_empty() {
        // image-spec, manifest.md: "MUST have at least one entry".
        layers.push(empty().0);
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": INVENTORY_TYPE,
        "config": config,
        "layers": layers,
    });
    RawManifest::named(media_type::OCI_MANIFEST, index::json(&manifest)?.into())
}

/// What every head ends with: the inventory, its seals, the trust material and all manifests.
pub(super) fn shared(
    inventory: (&RawManifest, &[u8]),
    seals: &[Sealed],
    options: &OutlineOptions,
    cargo: &Cargo,
) -> Result<Bytes> {
    let (manifest, json) = inventory;
    let mut members = Members::default();
    members.manifest(manifest);
    members.add(&Digest::sha256(json), json);
    let (node, bytes) = empty();
    members.add(&node.digest, &bytes);
    let trust: Vec<_> = options
        .trust
        .iter()
        .map(|it| Digest::sha256(&it.bytes))
        .collect();
    let known = members
        .seen
        .iter()
        .copied()
        .chain(trust.iter().copied())
        .collect();
    for seal in seals {
        seal.check(manifest, &known)?;
        members.manifest(&seal.manifest);
        for (node, bytes) in &seal.blobs {
            // One that lies in the body too would be two files of one name.
            if cargo.number(&node.digest).is_none() {
                members.add(&node.digest, bytes);
            }
        }
    }
    for (digest, file) in trust.iter().zip(&options.trust) {
        members.add(digest, &file.bytes);
    }
    for manifest in &cargo.manifests {
        members.manifest(manifest);
    }
    Ok(members.tar.into())
}

/// What a head begins with: the lists.
pub(super) struct Front<'a> {
    /// The artifacts that are complete in this volume.
    pub(super) complete: &'a [&'a Artifact],
    pub(super) cargo: &'a Cargo,
    pub(super) inventory: &'a RawManifest,
    pub(super) seals: &'a [Sealed],
    /// Which volume of how many.
    pub(super) volume: (usize, usize),
}

impl Front<'_> {
    /// The lists as files. `here` knows which blobs the volume has, `shared` is how long the rest of the head is.
    pub(super) fn tar(&self, here: impl Fn(&Digest) -> bool, shared: u64) -> Result<Bytes> {
        let entries = self.entries();
        let docker = index::docker_manifest(self.complete.iter().copied(), here)?;
        let length = |path: &str, content: &[u8]| write::member_len(path, content.len() as u64);
        let head = length(layout::OCI_LAYOUT, layout::OCI_LAYOUT_CONTENT)
            + length(layout::INDEX, &entries.json(0, self.volume)?)
            + docker
                .as_ref()
                .map_or(0, |list| length(layout::DOCKER_MANIFEST, list))
            + shared;
        let mut tar = Vec::new();
        write::append(&mut tar, layout::OCI_LAYOUT, layout::OCI_LAYOUT_CONTENT);
        write::append(&mut tar, layout::INDEX, &entries.json(head, self.volume)?);
        if let Some(list) = docker {
            write::append(&mut tar, layout::DOCKER_MANIFEST, &list);
        }
        Ok(tar.into())
    }

    fn entries(&self) -> Entries {
        let mut entries = Entries::default();
        // Whoever unpacks what he reads, as containerd does, stops at the first thing that is no image.
        let (images, others): (Vec<&Artifact>, _) = self
            .complete
            .iter()
            .copied()
            .partition(|it| self.unpacks(it));
        for artifact in images.iter().chain(&others) {
            entries.artifact(artifact);
        }
        for artifact in self.complete {
            entries.evidence(artifact, |digest| self.cargo.manifest(digest));
        }
        entries.unnamed(self.inventory);
        for seal in self.seals {
            let node = seal.manifest.descriptor();
            entries.referrer(node, &self.inventory.digest(), Some(&seal.manifest));
        }
        entries
    }

    fn unpacks(&self, artifact: &Artifact) -> bool {
        let root = &artifact.root;
        media_type::is_index(&root.media_type)
            || self
                .cargo
                .manifest(&root.digest)
                .is_some_and(index::is_image)
    }
}

/// Files under their digests, each once.
#[derive(Default)]
struct Members {
    tar: Vec<u8>,
    seen: HashSet<Digest>,
}

impl Members {
    fn manifest(&mut self, manifest: &RawManifest) {
        self.add(&manifest.digest(), manifest.bytes());
    }

    fn add(&mut self, digest: &Digest, content: &[u8]) {
        if self.seen.insert(*digest) {
            write::append(&mut self.tar, &layout::blob_path(digest), content);
        }
    }
}
