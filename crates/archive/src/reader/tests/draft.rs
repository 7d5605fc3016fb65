//! Archives written by hand, so that every part of them can be wrong.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use transship_oci::{Descriptor, Digest, RawManifest, Repository, Tag, media_type};
use transship_testkit::image::Graph;

use crate::{
    inventory::{
        Blob, Carried, INVENTORY_TYPE, Inventory, Manifest, Ownership, Piece, Prerequisite,
        TagPolicy, TrustFile, Volume,
    },
    layout::{self, CHECKSUMS, IMAGE_NAME, REF_NAME},
    tar::write,
};

/// What `index.json` says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    pub(super) media_type: String,
    pub(super) manifests: Vec<Descriptor>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// An archive that is not written yet.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) inventory: Inventory,
    pub(super) manifests: Vec<RawManifest>,
    pub(super) blobs: BTreeMap<Digest, Bytes>,
    pub(super) seals: Vec<Bytes>,
    pub(super) trust: Vec<Bytes>,
    /// Changes `index.json` before it is written.
    pub(super) index: fn(&mut Index),
    pub(super) docker: String,
    /// Changes the members of the head.
    pub(super) members: fn(&mut Vec<(String, Bytes)>),
}

impl Draft {
    /// One artifact for each tag of a graph, from the repository `source`.
    pub(super) fn of(graph: &Graph, source: &str) -> Self {
        Self::with_tags(graph, source, |_| true)
    }

    pub(super) fn with_tags(graph: &Graph, source: &str, pick: impl Fn(&Tag) -> bool) -> Self {
        let source: Repository = source.parse().unwrap();
        let tags = graph
            .tags()
            .iter()
            .filter(|(tag, _)| tag.subject().is_none() && pick(tag));
        let mut draft = Self {
            inventory: inventory(),
            manifests: Vec::new(),
            blobs: BTreeMap::new(),
            seals: Vec::new(),
            trust: Vec::new(),
            index: |_| {},
            docker: String::new(),
            members: |_| {},
        };
        for (tag, root) in tags {
            draft.carry(graph, &source, vec![tag.clone()], *root);
        }
        draft.lay(u64::MAX);
        draft
    }

    /// Adds an artifact.
    pub(super) fn carry(
        &mut self,
        graph: &Graph,
        source: &Repository,
        tags: Vec<Tag>,
        root: Digest,
    ) {
        let closure = graph.closure(&root);
        let mut referrers = Vec::new();
        for digest in &closure.manifests {
            let children = graph.manifest(digest).unwrap().children().unwrap();
            let subject = children.subject_digest();
            referrers.extend(
                subject
                    .filter(|it| closure.manifests.contains(it))
                    .map(|subject| Ownership {
                        subject,
                        digest: *digest,
                        tag: None,
                    }),
            );
        }
        for tag in &closure.tags {
            referrers.push(Ownership {
                subject: tag.subject().unwrap(),
                digest: graph.tagged(tag.as_str()).unwrap().digest(),
                tag: Some(tag.clone()),
            });
        }
        let mut foreign = Vec::new();
        for manifest in graph.manifests() {
            if !closure.manifests.contains(&manifest.digest()) {
                continue;
            }
            let left_out = manifest.children().unwrap().foreign;
            foreign.extend(left_out.iter().map(|layer| layer.digest));
            if !self.manifests.contains(manifest) {
                self.manifests.push(manifest.clone());
            }
        }
        for digest in &closure.blobs {
            if let Some(bytes) = graph.blobs().get(digest) {
                self.blobs.insert(*digest, bytes.clone());
            }
        }
        self.inventory.artifacts.push(Carried {
            source: source.clone(),
            target: None,
            tags,
            digest: root,
            referrers,
            foreign,
        });
    }

    /// Says that a blob is at the target.
    pub(super) fn count_on(&mut self, digest: Digest) {
        let bytes = self.blobs.remove(&digest).unwrap();
        let size = bytes.len() as u64;
        self.inventory
            .prerequisites
            .push(Prerequisite { digest, size });
        self.lay(u64::MAX);
    }

    /// Lays the blobs out in volumes of at most `most` bytes of body.
    pub(super) fn lay(&mut self, most: u64) {
        let head: HashSet<Digest> = self.manifests.iter().map(RawManifest::digest).collect();
        let inventory = &mut self.inventory;
        inventory.manifests = self.manifests.iter().map(listed).collect();
        inventory.blobs.clear();
        let mut volumes = vec![0_u64];
        for (digest, bytes) in &self.blobs {
            if head.contains(digest) || &bytes[..] == b"{}" {
                continue;
            }
            let mut blob = Blob {
                digest: *digest,
                size: bytes.len() as u64,
                pieces: Vec::new(),
            };
            place(&mut blob, &mut volumes, most);
            inventory.blobs.push(blob);
        }
        inventory.volumes = volumes.into_iter().map(|body| Volume { body }).collect();
    }

    /// Adds trust material.
    pub(super) fn trust(&mut self, name: &str, bytes: &'static [u8]) {
        self.inventory.trust.push(TrustFile {
            name: name.to_owned(),
            digest: Digest::sha256(bytes),
            size: bytes.len() as u64,
        });
        self.trust.push(Bytes::from_static(bytes));
    }

    pub(super) fn artifact(&self) -> RawManifest {
        let json = self.inventory.to_json().unwrap();
        let empty = Descriptor::of(media_type::OCI_EMPTY, b"{}");
        let document = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": INVENTORY_TYPE,
            "config": Descriptor::of(INVENTORY_TYPE, &json),
            "layers": [empty],
        });
        RawManifest::named(media_type::OCI_MANIFEST, document.to_string().into()).unwrap()
    }

    fn sealing(&self) -> Vec<RawManifest> {
        let artifact = self.artifact();
        let seals = self.seals.iter().map(|bytes| {
            let kind = "application/vnd.example.signature";
            let document = json!({
                "schemaVersion": 2,
                "mediaType": media_type::OCI_MANIFEST,
                "artifactType": kind,
                "config": Descriptor::of(media_type::OCI_EMPTY, b"{}"),
                "layers": [Descriptor::of(kind, bytes)],
                "subject": artifact.descriptor(),
            });
            RawManifest::named(media_type::OCI_MANIFEST, document.to_string().into()).unwrap()
        });
        seals.collect()
    }

    /// The bytes of a volume, from 1.
    pub(super) fn volume(&self, number: u32) -> Vec<u8> {
        let head = self.head(number, 0).len();
        let mut tar = self.head(number, head);
        let mut sums = String::new();
        for blob in &self.inventory.blobs {
            let bytes = &self.blobs[&blob.digest];
            let mut start = 0;
            for (at, piece) in blob.pieces.iter().enumerate() {
                let end = start + usize::try_from(piece.size).unwrap();
                if piece.volume == number {
                    let path = blob.path(at);
                    write::append(&mut tar, &path, &bytes[start..end]);
                    if blob.pieces.len() > 1 {
                        let sum = Digest::sha256(&bytes[start..end]).hex();
                        writeln!(sums, "{sum}  {path}").unwrap();
                    }
                }
                start = end;
            }
        }
        if !sums.is_empty() {
            write::append(&mut tar, CHECKSUMS, sums.as_bytes());
        }
        tar.extend(write::END);
        tar
    }

    fn head(&self, volume: u32, length: usize) -> Vec<u8> {
        let artifact = self.artifact();
        let json = self.inventory.to_json().unwrap();
        let mut members = vec![
            (
                layout::OCI_LAYOUT.to_owned(),
                Bytes::from_static(layout::OCI_LAYOUT_CONTENT),
            ),
            (
                layout::INDEX.to_owned(),
                self.index_json(volume, length).into(),
            ),
        ];
        if !self.docker.is_empty() {
            members.push((
                layout::DOCKER_MANIFEST.to_owned(),
                self.docker.clone().into(),
            ));
        }
        let add = |members: &mut Vec<(String, Bytes)>, bytes: &Bytes, digest: Digest| {
            let path = layout::blob_path(&digest);
            if !members.iter().any(|(other, _)| *other == path) {
                members.push((path, bytes.clone()));
            }
        };
        add(&mut members, artifact.bytes(), artifact.digest());
        let plain = [Bytes::from(json), Bytes::from_static(b"{}")];
        for bytes in plain.iter().chain(&self.seals).chain(&self.trust) {
            add(&mut members, bytes, Digest::sha256(bytes));
        }
        for manifest in self.sealing().iter().chain(&self.manifests) {
            add(&mut members, manifest.bytes(), manifest.digest());
        }
        (self.members)(&mut members);
        let mut tar = Vec::new();
        for (path, bytes) in members {
            write::append(&mut tar, &path, &bytes);
        }
        tar
    }

    fn index_json(&self, volume: u32, length: usize) -> String {
        let plain = |manifest: &RawManifest| manifest.descriptor().clone();
        let mut entries = vec![plain(&self.artifact())];
        entries.extend(self.sealing().iter().map(plain));
        let named = |digest: &Digest, name: &str| {
            let manifest = self
                .manifests
                .iter()
                .find(|it| it.digest() == *digest)
                .unwrap();
            let mut entry = plain(manifest);
            for key in [REF_NAME, IMAGE_NAME] {
                entry.annotations.insert(key.to_owned(), name.to_owned());
            }
            entry
        };
        for artifact in &self.inventory.artifacts {
            if !self.is_in(artifact, volume) {
                continue;
            }
            if artifact.tags.is_empty() {
                let root = self
                    .manifests
                    .iter()
                    .find(|it| it.digest() == artifact.digest);
                entries.push(plain(root.unwrap()));
            }
            let beside = artifact
                .referrers
                .iter()
                .filter_map(|it| Some((it.tag.as_ref()?, &it.digest)));
            for (tag, digest) in artifact
                .tags
                .iter()
                .map(|tag| (tag, &artifact.digest))
                .chain(beside)
            {
                let entry = named(digest, &format!("{}:{tag}", artifact.source));
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        }
        let annotations = BTreeMap::from([
            (layout::HEAD.to_owned(), format!("{length:015}")),
            (
                layout::VOLUME.to_owned(),
                format!("{volume}/{}", self.inventory.volumes.len()),
            ),
        ]);
        let mut index = Index {
            schema_version: 2,
            media_type: media_type::OCI_INDEX.to_owned(),
            manifests: entries,
            annotations,
        };
        (self.index)(&mut index);
        serde_json::to_string(&index).unwrap()
    }

    fn is_in(&self, artifact: &Carried, volume: u32) -> bool {
        let mut graph = Graph::new();
        for manifest in &self.manifests {
            graph.add(manifest.clone());
        }
        for ownership in &artifact.referrers {
            if let Some(tag) = &ownership.tag {
                let node = graph
                    .manifest(&ownership.digest)
                    .unwrap()
                    .descriptor()
                    .clone();
                graph.tag(tag.as_str(), &node);
            }
        }
        let closure = graph.closure(&artifact.digest);
        let mut blobs = self
            .inventory
            .blobs
            .iter()
            .filter(|blob| closure.blobs.contains(&blob.digest));
        blobs.all(|blob| blob.pieces.iter().all(|piece| piece.volume == volume))
    }
}

/// Lays one blob out behind what is there.
fn place(blob: &mut Blob, volumes: &mut Vec<u64>, most: u64) {
    let whole = write::member_len(&layout::blob_path(&blob.digest), blob.size);
    let room = |volumes: &[u64]| most - volumes.last().unwrap();
    if whole > room(volumes) && *volumes.last().unwrap() > 0 {
        volumes.push(0);
    }
    let mut left = blob.size;
    loop {
        let cut = left != blob.size || whole > room(volumes);
        let number = u32::try_from(blob.pieces.len() + 1).unwrap();
        let path = if cut {
            layout::part_path(&blob.digest, number)
        } else {
            layout::blob_path(&blob.digest)
        };
        let header = write::header_len(&path, left);
        let size = if cut {
            left.min(room(volumes) - header)
        } else {
            left
        };
        let volume = u32::try_from(volumes.len()).unwrap();
        let used = volumes.last_mut().unwrap();
        blob.pieces.push(Piece {
            volume,
            offset: *used + header,
            size,
        });
        *used += header + size + write::padding(size) as u64;
        left -= size;
        if left == 0 {
            return;
        }
        volumes.push(0);
    }
}

fn listed(manifest: &RawManifest) -> Manifest {
    Manifest {
        media_type: manifest.media_type().to_owned(),
        digest: manifest.digest(),
        size: manifest.bytes().len() as u64,
    }
}

fn inventory() -> Inventory {
    Inventory {
        schema_version: 1,
        media_type: INVENTORY_TYPE.to_owned(),
        generator: "draft 1".to_owned(),
        lineage: None,
        sequence: None,
        predecessor: None,
        tag_policy: TagPolicy::CreateOnly,
        artifacts: Vec::new(),
        manifests: Vec::new(),
        blobs: Vec::new(),
        prerequisites: Vec::new(),
        volumes: Vec::new(),
        trust: Vec::new(),
    }
}
