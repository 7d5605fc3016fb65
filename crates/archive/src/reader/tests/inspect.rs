//! What an archive says of itself, and of another.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use transship_oci::{Descriptor, Digest, ErrorKind, Result};
use transship_testkit::image::{Graph, Image, Index, layer};

use super::{Draft, REPOSITORY, open};
use crate::{
    Archive, Moved, Named, Outline, OutlineOptions, Total,
    outline::unsealed,
    store::{Call, Capacity, Opened, Stat, Store, Upload, UploadSpec, Watched},
};

fn graph() -> Graph {
    let mut graph = Graph::new();
    let base = layer::noise(1, 5000);
    let one = graph.image(Image::new().platform("linux/amd64").layer(base.clone()));
    let two = graph.image(Image::new().platform("linux/arm64/v8").layer(base));
    let app = graph.index(Index::of([one, two]));
    graph.tag("1", &app);
    graph.attach(&app, "application/spdx+json", b"{\"sbom\":1}");
    graph.sign_in_tag(&app, &[b"signed"]);
    graph
}

#[tokio::test]
async fn an_archive_is_told_in_numbers() {
    let graph = graph();
    let mut draft = Draft::of(&graph, REPOSITORY);
    draft.trust("vendor.pub", b"a key");
    draft.seals.push(Bytes::from_static(b"a signature"));
    let layer = draft
        .inventory
        .blobs
        .iter()
        .find(|blob| blob.size == 5000)
        .unwrap()
        .digest;
    draft.count_on(layer);
    let archive = open(&draft).await.expect("an archive");
    let summary = archive.summary();
    assert_eq!(summary.digest, draft.artifact().digest());
    assert_eq!(
        (summary.seals, summary.trust),
        (1, vec!["vendor.pub".to_owned()])
    );
    assert_eq!(summary.manifests.count, 5);
    assert_eq!(
        summary.prerequisites,
        Total {
            count: 1,
            bytes: 5000
        }
    );
    assert_eq!(
        summary.volumes,
        Total {
            count: 1,
            bytes: draft.volume(1).len() as u64
        }
    );
    let carried: u64 = draft.inventory.blobs.iter().map(|blob| blob.size).sum();
    assert_eq!(
        summary.blobs,
        Total {
            count: 5,
            bytes: carried
        }
    );
    let [artifact] = &summary.artifacts[..] else {
        panic!("one artifact")
    };
    assert_eq!(artifact.source, REPOSITORY);
    assert_eq!(artifact.tags, ["1"]);
    assert_eq!(artifact.platforms, ["linux/amd64", "linux/arm64/v8"]);
    assert_eq!(
        artifact.prerequisites,
        Total {
            count: 1,
            bytes: 5000
        }
    );
    assert_eq!(
        (artifact.manifests, artifact.blobs),
        (summary.manifests, summary.blobs)
    );
    let kinds: Vec<_> = artifact
        .evidence
        .iter()
        .map(|it| it.artifact_type.as_deref())
        .collect();
    assert!(kinds.contains(&Some("application/spdx+json")));
    let root = graph.tagged("1").unwrap().digest();
    assert!(artifact.evidence.iter().all(|it| it.subject == root));
    let tag = format!("sha256-{}.sig", root.hex());
    assert!(
        artifact
            .evidence
            .iter()
            .any(|it| it.tag.as_ref() == Some(&tag))
    );
}

#[tokio::test]
async fn two_archives_are_compared() {
    let before = graph();
    let mut after = before.clone();
    let new = after.image(Image::new().layer(layer::noise(2, 700)));
    let config = after
        .manifest(&new.digest)
        .unwrap()
        .children()
        .unwrap()
        .blobs[0]
        .size;
    after.tag("2", &new);
    let old = open(&Draft::of(&before, REPOSITORY))
        .await
        .expect("an archive");
    let next = open(&Draft::of(&after, REPOSITORY))
        .await
        .expect("an archive");
    let same = old.since(&old);
    assert_eq!(
        (
            same.same,
            same.added.len(),
            same.moved.len(),
            same.removed.len()
        ),
        (1, 0, 0, 0)
    );
    let difference = next.since(&old);
    let name = format!("{REPOSITORY}:2");
    assert_eq!(
        difference.added,
        [Named {
            name: name.clone(),
            digest: new.digest
        }]
    );
    assert_eq!(difference.same, 1);
    assert_eq!(
        difference.blobs_added,
        Total {
            count: 2,
            bytes: 700 + config
        }
    );
    assert_eq!(difference.blobs_removed, Total::default());
    assert_eq!(difference.blobs_same, old.summary().blobs);
    let back = old.since(&next);
    assert_eq!(
        back.removed,
        [Named {
            name,
            digest: new.digest
        }]
    );
    assert_eq!(back.blobs_removed, difference.blobs_added);
    let mut moved = after.clone();
    moved.tag("1", &new);
    let moved = open(&Draft::of(&moved, REPOSITORY))
        .await
        .expect("an archive");
    let root = before.tagged("1").unwrap().digest();
    let name = format!("{REPOSITORY}:1");
    assert_eq!(
        moved.since(&next).moved,
        [Moved {
            name: name.clone(),
            from: root,
            to: new.digest
        }]
    );
    let mut signed = before.clone();
    let node = signed.manifest(&root).unwrap().descriptor().clone();
    let attached = signed.attach(&node, "application/vnd.example", b"more");
    let signed = open(&Draft::of(&signed, REPOSITORY))
        .await
        .expect("an archive");
    let change = &signed.since(&old).evidence[0];
    assert_eq!(
        (&change.name, &change.added[..], change.removed.len()),
        (&name, &[attached.digest][..], 0)
    );
}

/// A store with one object of which only the beginning is real, and the rest zeros.
#[derive(Debug)]
struct Sparse {
    head: Bytes,
    size: u64,
}

#[async_trait]
impl Store for Sparse {
    fn location(&self) -> &'static str {
        "memory://sparse"
    }

    async fn capacity(&self) -> Result<Capacity> {
        unreachable!("nobody writes here")
    }

    async fn stat(&self, _: &str) -> Result<Option<Stat>> {
        unreachable!("one read tells all")
    }

    async fn read(&self, key: &str, range: Range<u64>, _: Option<&str>) -> Result<Opened> {
        assert!(range.end <= self.head.len() as u64 || range.start == 0);
        let end = usize::try_from(range.end).unwrap().min(self.head.len());
        let start = usize::try_from(range.start).unwrap();
        let whole = Stat {
            key: key.to_owned(),
            size: self.size,
            etag: None,
            md5: None,
            modified: None,
            metadata: std::collections::BTreeMap::new(),
        };
        // The guess may reach beyond the head.
        let mut bytes = self.head.slice(start..end).to_vec();
        bytes.resize(usize::try_from(range.end - range.start).unwrap(), 0);
        let bytes = stream::iter([Ok(bytes.into())]).boxed();
        Ok(Opened { stat: whole, bytes })
    }

    fn list(&self, _: &str) -> BoxStream<'_, Result<Stat>> {
        unreachable!("nobody lists")
    }

    async fn upload(&self, _: &str, _: &UploadSpec) -> Result<Box<dyn Upload>> {
        unreachable!("nobody writes here")
    }

    async fn delete(&self, _: &str) -> Result<()> {
        unreachable!("nobody deletes here")
    }
}

/// Thirty images of three gigabytes and more, one layer of them beyond eight.
fn huge() -> Outline {
    let mut graph = Graph::new();
    let mut artifacts = Vec::new();
    for number in 0..30_u32 {
        let image = graph.image(Image::new().annotated("n", &number.to_string()));
        graph.tag(&format!("v{number}"), &image);
    }
    for mut artifact in graph.artifacts(REPOSITORY) {
        let number = artifacts.len() as u64;
        let size = if number == 7 { 9 << 30 } else { 3 << 30 };
        let layer = Descriptor::new(
            "application/vnd.oci.image.layer.v1.tar",
            Digest::sha256(&number.to_be_bytes()),
            size,
        );
        let config = artifact.blobs[0].clone();
        let document = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": transship_oci::media_type::OCI_MANIFEST,
            "config": config,
            "layers": [layer],
        });
        let manifest = transship_oci::RawManifest::named(
            transship_oci::media_type::OCI_MANIFEST,
            document.to_string().into(),
        );
        let manifest = manifest.unwrap();
        artifact.root = manifest.descriptor().clone();
        artifact.manifests = vec![manifest];
        artifact.blobs.push(layer);
        artifacts.push(artifact);
    }
    Outline::of(
        &artifacts,
        &OutlineOptions::new("transship/test"),
        &unsealed,
    )
    .unwrap()
}

#[tokio::test]
async fn a_hundred_gigabytes_are_inspected_in_one_read_of_a_megabyte() {
    let outline = huge();
    let volume = &outline.volumes()[0];
    assert!(volume.size() > 96 << 30);
    let head: Vec<u8> = volume.head().into_iter().flatten().copied().collect();
    let store = Sparse {
        head: head.into(),
        size: volume.size(),
    };
    let store = Watched::new(Arc::new(store));
    let archive = Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    let summary = archive.summary();
    assert_eq!(summary.artifacts.len(), 30);
    assert!(summary.blobs.bytes > 96 << 30);
    assert_eq!(
        store.calls(),
        [Call::Read("x.oci.tar".to_owned(), 0..768 << 10)]
    );
}

#[tokio::test]
async fn a_hundred_gigabytes_claimed_in_a_kilobyte_are_refused() {
    let outline = huge();
    let head: Vec<u8> = outline.volumes()[0]
        .head()
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let store = crate::store::Memory::new("memory://store");
    let cut = [&head[..], &[0; 1024]].concat();
    let size = cut.len();
    store.insert("x", cut, std::collections::BTreeMap::new());
    let error = Archive::open(Arc::new(store), "x")
        .await
        .expect_err("too short");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        format!(
            "the file is cut short: it has {size} bytes, and must have {}",
            outline.volumes()[0].size()
        )
    );
}
