//! Archives made of archives.

use std::{collections::BTreeMap, sync::Arc};

use transship_oci::{Digest, MemoryBlob, Name, Placement, Sink as _, Source};
use transship_registry_server::Local;
use transship_testkit::image::{Graph, Image, layer, sample};

use super::{REPOSITORY, read, repository};
use crate::{
    Archive, Filled, Outline, OutlineOptions, TrustMaterial,
    outline::{tests::write_out, unsealed},
    store::Memory,
};

async fn written(outline: &Outline, graph: &Graph) -> (Archive, Vec<Vec<u8>>) {
    let store = Memory::new("memory://store");
    let names = outline.keys("x.oci.tar");
    let tars = write_out(outline, graph.blobs());
    for (name, tar) in names.iter().zip(&tars) {
        store.insert(name, tar.clone(), BTreeMap::new());
    }
    let archive = Archive::open(Arc::new(store), &names[0])
        .await
        .expect("an archive");
    (archive, tars)
}

fn options() -> OutlineOptions {
    OutlineOptions {
        lineage: Some(crate::Lineage {
            name: "nightly".to_owned(),
            sequence: 7,
            predecessor: Some(Digest::sha256(b"before")),
        }),
        targets: BTreeMap::from([(repository(), "mirror/app".to_owned())]),
        trust: vec![TrustMaterial {
            name: "vendor.pub".to_owned(),
            bytes: "a key".into(),
        }],
        ..OutlineOptions::new("transship/test")
    }
}

#[tokio::test]
async fn what_is_split_and_joined_is_the_same_file() {
    let graph = sample();
    let whole = Outline::of(&graph.artifacts(REPOSITORY), &options(), &unsealed).unwrap();
    let (archive, before) = written(&whole, &graph).await;
    let smaller = OutlineOptions {
        volume_size: Some(150_000),
        ..archive.options()
    };
    let split = Outline::of(&archive.artifacts(), &smaller, &unsealed).unwrap();
    assert!(split.volumes().len() > 1);
    let (set, _) = written(&split, &graph).await;
    graph
        .assert_in(&*set.repository(&repository()).unwrap())
        .await;
    let joined = Outline::of(&set.artifacts(), &set.options(), &unsealed).unwrap();
    let (_, after) = written(&joined, &graph).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn an_incremental_archive_is_made_whole() {
    let mut graph = Graph::new();
    let image = graph.image(
        Image::new()
            .layer(layer::noise(1, 5000))
            .layer(layer::noise(2, 600)),
    );
    graph.tag("1", &image);
    let artifacts = graph.artifacts(REPOSITORY);
    let known = artifacts[0]
        .blobs
        .iter()
        .find(|blob| blob.size == 5000)
        .unwrap()
        .clone();
    let mut options = options();
    options.prerequisites.insert(known.digest);
    let small = Outline::of(&artifacts, &options, &unsealed).unwrap();
    let (archive, _) = written(&small, &graph).await;
    let source = archive.repository(&repository()).unwrap();
    assert!(source.lacks(&known));
    let target = Local::memory("target");
    let blob = MemoryBlob::new(known.clone(), graph.blobs()[&known.digest].clone());
    target.put_blob(&blob, &Placement::default()).await.unwrap();
    let filled = Filled::new(source, Arc::new(target));
    assert!(!filled.lacks(&known));
    let root = filled
        .fetch(&Name::Tag("1".parse().unwrap()))
        .await
        .unwrap();
    for node in root.children().unwrap().blobs {
        assert_eq!(
            read(&filled, &node, 3).await.unwrap(),
            graph.blobs()[&node.digest][3..]
        );
    }
    let all = OutlineOptions {
        prerequisites: [].into(),
        ..archive.options()
    };
    let whole = Outline::of(&archive.artifacts(), &all, &unsealed).unwrap();
    let (archive, _) = written(&whole, &graph).await;
    assert!(archive.inventory().prerequisites.is_empty());
    graph
        .assert_in(&*archive.repository(&repository()).unwrap())
        .await;
}
