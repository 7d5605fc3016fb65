//! Sets of volumes.

use std::{collections::BTreeMap, sync::Arc};

use transship_oci::{ErrorKind, RawManifest, Tag};
use transship_testkit::image::{Graph, Image, layer, sample};

use super::{Draft, REPOSITORY, read, repository, stored_set};
use crate::{
    Archive, Outline, OutlineOptions,
    outline::{tests::write_out, unsealed},
    store::Memory,
};

/// Two small images and one that is larger than a volume.
fn images() -> Graph {
    let mut graph = Graph::new();
    for (tag, size) in [("a", 9000), ("b", 9000), ("c", 50_000)] {
        let image = Image::new().layer(layer::noise(size, usize::try_from(size).unwrap()));
        let image = graph.image(image.annotated("n", tag));
        graph.tag(tag, &image);
    }
    graph
}

fn set() -> (Graph, Draft) {
    let graph = images();
    let mut draft = Draft::of(&graph, REPOSITORY);
    draft.lay(20_480);
    assert!(draft.inventory.volumes.len() > 3);
    (graph, draft)
}

/// The volumes that an artifact lies in.
fn volumes(draft: &Draft, manifest: &RawManifest) -> Vec<u32> {
    let blobs = manifest.children().unwrap().blobs;
    let digests: Vec<_> = blobs.iter().map(|blob| blob.digest).collect();
    let blobs = draft
        .inventory
        .blobs
        .iter()
        .filter(|blob| digests.contains(&blob.digest));
    blobs
        .flat_map(|blob| blob.pieces.iter().map(|piece| piece.volume))
        .collect()
}

#[tokio::test]
async fn a_set_is_opened_by_any_of_its_names() {
    let graph = sample();
    let mut draft = Draft::of(&graph, REPOSITORY);
    draft.lay(40_960);
    assert!(
        draft
            .inventory
            .blobs
            .iter()
            .any(|blob| blob.pieces.len() > 2)
    );
    let (store, names) = stored_set(&draft);
    for name in &names {
        let archive = Archive::open(Arc::new(store.clone()), name)
            .await
            .expect("an archive");
        assert!(archive.lost().is_empty());
        assert_eq!(archive.whole().count(), archive.inventory().artifacts.len());
        graph
            .assert_in(&*archive.repository(&repository()).unwrap())
            .await;
    }
}

#[tokio::test]
async fn volumes_are_given_in_any_order_under_any_name() {
    let (graph, draft) = set();
    let count = u32::try_from(draft.inventory.volumes.len()).unwrap();
    let stick = |number: u32| {
        let store = Memory::new(format!("file:///media/{number}"));
        store.insert("renamed", draft.volume(number), BTreeMap::new());
        (Arc::new(store) as _, "renamed".to_owned())
    };
    // One is given twice.
    let files = (1..=count).rev().chain([1]).map(stick).collect();
    let archive = Archive::of_volumes(files).await.expect("an archive");
    assert!(archive.lost().is_empty());
    graph
        .assert_in(&*archive.repository(&repository()).unwrap())
        .await;
}

#[tokio::test]
async fn a_blob_that_is_cut_opens_at_every_offset() {
    let (graph, draft) = set();
    let (store, names) = stored_set(&draft);
    let archive = Archive::open(Arc::new(store), &names[0])
        .await
        .expect("an archive");
    let source = archive.repository(&repository()).unwrap();
    let node = &graph.tagged("c").unwrap().children().unwrap().blobs[1];
    let pieces = &archive.head.blob(&node.digest).unwrap().pieces;
    assert!(pieces.len() > 2);
    let mut offsets = vec![0, 1, 49_999, 50_000];
    let mut start = 0;
    for piece in pieces {
        start += piece.size;
        offsets.extend([start - 1, start, (start + 1).min(50_000)]);
    }
    let bytes = &graph.blobs()[&node.digest];
    for from in offsets {
        let found = read(&*source, node, from).await.expect("bytes");
        assert_eq!(
            found,
            bytes[usize::try_from(from).unwrap()..],
            "from {from}"
        );
    }
}

#[tokio::test]
async fn what_a_missing_volume_costs_is_told() {
    let (graph, draft) = set();
    for missing in 1..=u32::try_from(draft.inventory.volumes.len()).unwrap() {
        let (store, names) = stored_set(&draft);
        let name = &names[missing as usize - 1];
        crate::Store::delete(&store, name).await.unwrap();
        // Also when it is the missing one that was named.
        let archive = Archive::open(Arc::new(store), name)
            .await
            .expect("an archive");
        let lost = archive.lost();
        assert_eq!(lost.len(), 1);
        assert_eq!(
            (lost[0].volume, lost[0].error.kind()),
            (missing, ErrorKind::NotFound)
        );
        assert_eq!(lost[0].place, Some(&*format!("memory://store/{name}")));
        let told: Vec<&Tag> = lost[0].artifacts.iter().flat_map(|it| &it.tags).collect();
        let tags = graph.tags().iter();
        let needing: Vec<&Tag> = tags
            .filter(|(tag, _)| {
                volumes(&draft, graph.tagged(tag.as_str()).unwrap()).contains(&missing)
            })
            .map(|(tag, _)| tag)
            .collect();
        assert_eq!(told, needing);
        let whole: Vec<_> = archive.whole().map(|it| it.digest).collect();
        let source = archive.repository(&repository()).unwrap();
        for (tag, digest) in graph.tags() {
            assert_eq!(whole.contains(digest), !needing.contains(&tag));
            for blob in graph.manifest(digest).unwrap().children().unwrap().blobs {
                if whole.contains(digest) {
                    let found = read(&*source, &blob, 0).await.expect("a whole blob");
                    assert_eq!(found, graph.blobs()[&blob.digest]);
                } else if let Err(error) = read(&*source, &blob, 0).await {
                    assert_eq!(error.kind(), ErrorKind::NotFound);
                    let wanted = format!("volume {missing} (memory://store/{name}) cannot be read");
                    assert_eq!(error.message(), wanted);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_volume_of_another_archive_is_refused() {
    let (_, draft) = set();
    let (store, names) = stored_set(&draft);
    let mut other = draft.clone();
    other.inventory.generator = "another".to_owned();
    store.insert(&names[1], other.volume(2), BTreeMap::new());
    let error = Archive::open(Arc::new(store), &names[0])
        .await
        .expect_err("two archives");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let (one, two) = (draft.artifact().digest(), other.artifact().digest());
    assert_eq!(
        error.message(),
        format!(
            "memory://store/{} is of archive {two}, the volume before it of archive {one}",
            names[1]
        )
    );
}

#[tokio::test]
async fn what_is_outlined_can_be_read() {
    for graph in [sample(), images()] {
        for volume_size in [None, Some(140_000), Some(150_000)] {
            let artifacts = graph.artifacts(REPOSITORY);
            let options = OutlineOptions {
                volume_size,
                ..OutlineOptions::new("transship/test")
            };
            let outline = Outline::of(&artifacts, &options, &unsealed).expect("an outline");
            let store = Memory::new("memory://store");
            let names = outline.keys("x.oci.tar");
            for (name, tar) in names.iter().zip(write_out(&outline, graph.blobs())) {
                store.insert(name, tar, BTreeMap::new());
            }
            let archive = Archive::open(Arc::new(store), &names[0])
                .await
                .expect("an archive");
            assert_eq!(archive.inventory(), outline.inventory());
            assert_eq!(archive.digest(), outline.inventory_manifest().digest());
            assert_eq!(archive.verify(&|_| {}).await.expect("an answer"), []);
            let source = archive.repository(&repository()).unwrap();
            graph.assert_in(&*source).await;
            for (_, digest) in graph.tags() {
                graph.assert_complete(digest, &*source).await;
            }
        }
    }
}
