//! What belongs to what, and how much there may be of it.

use std::{collections::BTreeMap, sync::Arc};

use transship_oci::{ErrorKind, Tie};
use transship_testkit::image::{Graph, Image, Index, Kind, layer};

use super::{REPOSITORY, draft::Draft, open, repository};
use crate::{
    Archive, Outline, OutlineOptions,
    outline::{tests::write_out, unsealed},
    reader::{agree::within, closure::Closure},
    store::Memory,
};

#[tokio::test]
async fn a_signature_with_a_subject_and_a_tag_keeps_both() {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 100)));
    graph.tag("1", &image);
    let signature = graph.attach(&image, "application/vnd.example.signature", b"signed");
    let tag = Kind::Signature.tag(&image.digest);
    graph.tag(tag.as_str(), &signature);
    let options = OutlineOptions::new("transship/test");
    let outline = Outline::of(&graph.artifacts(REPOSITORY), &options, &unsealed).unwrap();
    let ties = outline.referrers().iter().map(|(_, it)| it.tie.clone());
    let both = [Tie::Subject, Tie::Tag(tag)];
    assert_eq!(ties.collect::<Vec<_>>(), both);
    let store = Memory::new("memory://store");
    let tar = write_out(&outline, graph.blobs()).remove(0);
    store.insert("x.oci.tar", tar, BTreeMap::new());
    let archive = Archive::open(Arc::new(store), "x.oci.tar")
        .await
        .expect("an archive");
    let source = archive.repository(&repository()).unwrap();
    let listed = source.referrers(&image.digest).await.unwrap();
    let digests: Vec<_> = listed.iter().map(|it| it.descriptor.digest).collect();
    assert_eq!(digests, [signature.digest; 2]);
    let ties = listed.into_iter().map(|it| it.tie);
    assert_eq!(ties.collect::<Vec<_>>(), both);
    graph.assert_in(&*source).await;
}

#[tokio::test]
async fn what_is_named_again_and_again_is_counted_again_and_again() {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 100)));
    let index = graph.index(Index::of([image.clone(), image.clone(), image]));
    graph.tag("1", &index);
    let archive = open(&Draft::of(&graph, REPOSITORY))
        .await
        .expect("an archive");
    let artifact = &archive.inventory().artifacts[0];
    let closure = Closure::of(artifact, &archive.head.manifests);
    assert_eq!(closure.manifests.len(), 2);
    // The index, three times the image, its configuration and its layer.
    assert_eq!(closure.steps, 6);
    assert_eq!(within(8_000_000).unwrap(), 8_000_000);
    let error = within(8_000_001).expect_err("too many");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        "the artifacts of the inventory name more than 8000000 things together"
    );
}
