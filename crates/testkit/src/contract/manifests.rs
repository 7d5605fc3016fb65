//! Manifests.

use bytes::Bytes;
use transship_oci::{Descriptor, ErrorKind, Name, RawManifest, media_type};

use super::Pair;
use crate::image::{Graph, Image, Index, layer, sample};

pub(super) async fn everything_comes_back_byte_for_byte(pair: &Pair) {
    let graph = if pair.sha512 {
        sample()
    } else {
        without_sha512()
    };
    graph.push_to(&*pair.sink()).await.expect("a push");
    let source = pair.source();
    graph.assert_in(&*source).await;
    for (_, digest) in graph.tags() {
        graph.assert_complete(digest, &*source).await;
    }
}

fn without_sha512() -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(
        Image::docker()
            .layer(layer::gzip("a", b"b"))
            .layer(layer::empty()),
    );
    let index = graph.index(Index::of([image]));
    graph.attach(&index, "application/spdx+json", b"{}");
    graph.sign_in_tag(&index, &[b"signed"]);
    graph.tag("1", &index);
    graph
}

pub(super) async fn odd_bytes_stay_odd(pair: &Pair) {
    let text = "{ \"manifests\" :[],\t\"x-unknown\": {\"b\":1e2, \"a\":\"\\u00e9\\/\"},\n\n \"schemaVersion\":2 }  \n";
    let odd = RawManifest::named(media_type::OCI_INDEX, Bytes::from(text)).expect("a manifest");
    pair.sink().put_manifest(&odd).await.expect("a put");
    let found = pair
        .source()
        .manifest(odd.descriptor())
        .await
        .expect("the manifest");
    assert_eq!(found.bytes(), odd.bytes());
}

pub(super) async fn a_manifest_is_found_by_tag_and_by_digest(pair: &Pair) {
    let mut graph = Graph::new();
    let image = graph.image(Image::docker().layer(layer::noise(1, 10)));
    graph.tag("1", &image);
    graph.push_to(&*pair.sink()).await.expect("a push");
    let source = pair.source();
    let manifest = &graph.manifests()[0];
    for name in [
        Name::Tag("1".parse().expect("a tag")),
        Name::Digest(image.digest),
    ] {
        let found = source.resolve(&name).await.expect("a descriptor");
        let wanted = manifest.descriptor();
        assert_eq!(
            (&found.media_type, found.digest, found.size),
            (&wanted.media_type, wanted.digest, wanted.size),
            "{name}"
        );
        let fetched = source.fetch(&name).await.expect("the manifest");
        assert_eq!(fetched.bytes(), manifest.bytes(), "{name}");
        assert_eq!(fetched.media_type(), manifest.media_type(), "{name}");
    }
    let at_sink = pair.sink().manifest(&image).await.expect("the manifest");
    assert_eq!(at_sink.bytes(), manifest.bytes());
}

pub(super) async fn a_manifest_with_a_missing_part_is_refused_or_kept(pair: &Pair) {
    let mut graph = Graph::new();
    let missing = Descriptor::of(media_type::OCI_MANIFEST, b"nowhere");
    let index = graph.index(Index::of([missing]));
    let manifest = &graph.manifests()[0];
    let put = pair.sink().put_manifest(manifest).await;
    let found = pair.source().manifest(&index).await;
    match put {
        Ok(()) => assert_eq!(found.expect("the manifest").bytes(), manifest.bytes()),
        Err(_) => assert_eq!(
            found.expect_err("it was refused").kind(),
            ErrorKind::NotFound
        ),
    }
}

pub(super) async fn a_subject_may_be_missing(pair: &Pair) {
    let mut graph = Graph::new();
    let missing = Descriptor::of(media_type::OCI_MANIFEST, b"nowhere");
    let early = graph.attach(&missing, "application/vnd.example", b"early");
    graph.push_to(&*pair.sink()).await.expect("a push");
    let listed = pair
        .source()
        .referrers(&missing.digest)
        .await
        .expect("a list");
    let digests: Vec<_> = listed.iter().map(|it| it.descriptor.digest).collect();
    assert_eq!(digests, [early.digest]);
}

pub(super) async fn puts_are_idempotent(pair: &Pair) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.attach(&image, "application/vnd.example", b"signed");
    graph.tag("1", &image);
    for _ in 0..3 {
        graph.push_to(&*pair.sink()).await.expect("a push");
    }
    graph.assert_complete(&image.digest, &*pair.source()).await;
    let listed = pair
        .source()
        .referrers(&image.digest)
        .await
        .expect("a list");
    assert_eq!(listed.len(), 1);
}
