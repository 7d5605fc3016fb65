use transship_oci::{Digest, Tag};
use transship_registry_server::{Expect, Local};
use transship_testkit::image::{Graph, Image, Index, layer};

use super::{
    super::{Holding, Holdings, scan},
    image, repository,
};

/// Two platforms that share a layer, a signature in a tag, a referrer of it all, and a layer that lives elsewhere.
fn graph() -> Graph {
    let mut graph = Graph::new();
    let shared = layer::noise(1, 100);
    let platforms = [2, 3].map(|seed| {
        let image = Image::new()
            .layer(shared.clone())
            .layer(layer::noise(seed, 200));
        graph.image(image.layer(layer::foreign(seed)))
    });
    graph.sign_in_tag(&platforms[0], &[b"payload"]);
    let index = graph.index(Index::of(platforms));
    let sbom = graph.attach(&index, "application/spdx+json", b"sbom");
    graph.attach(&sbom, "application/x.signature", b"signature of it");
    graph.tag("1.0", &index);
    graph.tag("latest", &index);
    graph
}

fn digests(held: &[super::super::Held]) -> std::collections::BTreeSet<Digest> {
    held.iter().map(|held| held.digest).collect()
}

async fn scanned(local: &Local) -> Holding {
    scan(&repository("app"), local).await.unwrap()
}

#[tokio::test]
async fn everything_that_a_repository_has_is_found() {
    let local = Local::memory("app");
    let graph = graph();
    graph.push_to(&local).await.unwrap();
    let holding = scanned(&local).await;
    let snapshot = local.snapshot().await.unwrap();
    let tags = holding
        .tags
        .iter()
        .map(|held| (held.tag.clone(), held.digest));
    assert_eq!(
        tags.collect::<std::collections::BTreeMap<_, _>>(),
        snapshot.tags
    );
    assert_eq!(digests(&holding.manifests), snapshot.manifests);
    assert_eq!(digests(&holding.blobs), snapshot.blobs);
    for held in &holding.blobs {
        assert_eq!(held.size, graph.blobs()[&held.digest].len() as u64);
    }
    for held in &holding.manifests {
        let manifest = graph.manifest(&held.digest).unwrap();
        assert_eq!(held.size, manifest.bytes().len() as u64);
    }
}

#[tokio::test]
async fn a_scan_and_an_import_say_the_same() {
    let local = Local::memory("app");
    let graph = graph();
    graph.push_to(&local).await.unwrap();
    let mut scans = Holdings::default();
    scans.add(&scanned(&local).await);
    let mut imports = Holdings::default();
    for artifact in graph.artifacts("source.example/app") {
        imports.add_artifact(&repository("app"), &artifact);
    }
    let [scanned, imported] = [scans, imports].map(|it| it.receipt("g", "r.example").unwrap());
    assert_eq!(scanned, imported);
}

#[tokio::test]
async fn what_an_index_lists_and_nobody_copied_is_not_there() {
    let local = Local::memory("app");
    let mut graph = Graph::new();
    let here = graph.image(Image::new().layer(layer::noise(1, 100)));
    graph.push_to(&local).await.unwrap();
    let elsewhere = image(&[]).unwrap();
    let index = graph.index(Index::of([here.clone(), elsewhere.descriptor().clone()]));
    let tag: Tag = "sparse".parse().unwrap();
    let manifest = graph.manifest(&index.digest).unwrap();
    let stored = local.repository();
    stored
        .put(manifest, &[tag], Expect::Anything)
        .await
        .unwrap();
    let found = digests(&scanned(&local).await.manifests);
    assert_eq!(found, [here.digest, index.digest].into());
}

#[tokio::test]
async fn a_repository_without_anything_has_nothing() {
    let holding = scanned(&Local::memory("app")).await;
    assert_eq!(
        (
            holding.tags.len(),
            holding.manifests.len(),
            holding.blobs.len()
        ),
        (0, 0, 0)
    );
}
