//! What is not there.

use transship_oci::{Descriptor, Digest, ErrorKind, Name, Presence, media_type};

use super::Pair;
use crate::image::{Graph, Image, layer};

pub(super) async fn what_is_missing_is_not_found(pair: &Pair) {
    let (source, sink) = (pair.source(), pair.sink());
    // A repository with something in it: in an empty one all is missing for a simpler reason.
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 100)));
    graph.tag("there", &image);
    graph.push_to(&*sink).await.expect("a push");
    let digest = Digest::sha256(b"nowhere");
    let node = Descriptor::new(media_type::OCI_MANIFEST, digest, 7);
    let tag = "nowhere".parse().expect("a tag");
    let not_found = |what: &str, found: Result<(), transship_oci::Error>| {
        let kind = found.expect_err(what).kind();
        assert_eq!(kind, ErrorKind::NotFound, "{what}");
    };
    for name in [Name::Tag(tag), Name::Digest(digest)] {
        not_found("resolve", source.resolve(&name).await.map(drop));
        not_found("fetch", source.fetch(&name).await.map(drop));
        if let Name::Tag(tag) = name {
            assert_eq!(sink.tagged(&tag).await.expect("an answer"), None);
        }
    }
    not_found(
        "manifest at the source",
        source.manifest(&node).await.map(drop),
    );
    not_found("manifest at the sink", sink.manifest(&node).await.map(drop));
    let blob = Descriptor::new(media_type::OCI_LAYER, digest, 7);
    not_found("blob", source.blob(&blob, 0).await.map(drop));
}

pub(super) async fn presence_is_told_in_the_order_asked(pair: &Pair) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 100)));
    let there = graph.blob(&layer::noise(1, 100));
    graph.push_to(&*pair.sink()).await.expect("a push");
    let missing = |media_type: &str| Descriptor::of(media_type, b"nowhere");
    let asked = [
        missing(media_type::OCI_LAYER),
        there,
        missing(media_type::OCI_MANIFEST),
        image,
    ];
    let told = pair.sink().have(&asked).await.expect("an answer");
    let (yes, no) = (Presence::Present, Presence::Absent);
    assert_eq!(told, [no, yes, no, yes]);
    assert_eq!(pair.sink().have(&[]).await.expect("an answer"), []);
}
