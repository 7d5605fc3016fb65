use transship_oci::{
    Descriptor, Digest, ErrorKind, Name, Presence, RawManifest, Side, Sink as _, Source as _,
    media_type,
};
use transship_testkit::{
    fault::{Answer, Route, on},
    image::{Graph, Image, Index, layer},
};

use super::support::{Desk, fill, registry, source, tag_name};

fn app() -> (Graph, RawManifest) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::gzip("etc/motd", b"hello")));
    let index = graph.index(Index::of([image]));
    graph.tag("1.0", &index);
    let root = graph.tagged("1.0").unwrap().clone();
    (graph, root)
}

#[tokio::test]
async fn a_tag_is_resolved_with_one_head() {
    let registry = registry(vec![]).await;
    let (graph, root) = app();
    fill(&registry, "app", &graph).await;
    let found = source(registry.host(), "app")
        .resolve(&tag_name("1.0"))
        .await
        .unwrap();
    assert_eq!(&found, root.descriptor());
    assert_eq!(registry.counts(), [("head-manifest", 1)].into());
    let accept = registry.seen()[0].header("accept").unwrap().to_owned();
    assert!(accept.starts_with(media_type::OCI_INDEX), "{accept}");
}

#[tokio::test]
async fn a_tag_is_fetched_with_one_get_and_its_exact_bytes() {
    let registry = registry(vec![]).await;
    let (graph, root) = app();
    fill(&registry, "app", &graph).await;
    let found = source(registry.host(), "app")
        .fetch(&tag_name("1.0"))
        .await
        .unwrap();
    assert_eq!(found, root);
    assert_eq!(registry.counts(), [("get-manifest", 1)].into());
}

#[tokio::test]
async fn a_head_without_a_digest_or_a_length_or_at_all_becomes_a_get() {
    let quirks = [
        on(Route::HeadManifest).header("docker-content-digest", None),
        on(Route::HeadManifest).header("content-length", None),
        on(Route::HeadManifest).header("content-type", Some("application/json; charset=utf-8")),
        on(Route::HeadManifest).answer(Answer::new(405)),
    ];
    let (graph, root) = app();
    for quirk in quirks {
        let registry = registry(vec![quirk]).await;
        fill(&registry, "app", &graph).await;
        let found = source(registry.host(), "app")
            .resolve(&tag_name("1.0"))
            .await
            .unwrap();
        assert_eq!(&found, root.descriptor());
        assert_eq!(
            registry.counts(),
            [("get-manifest", 1), ("head-manifest", 1)].into()
        );
    }
}

#[tokio::test]
async fn a_digest_that_the_registry_gets_wrong_is_found_out() {
    let wrong = Digest::sha256(b"other").to_string();
    let lie = || {
        on(Route::GetManifest)
            .or(Route::HeadManifest)
            .header("docker-content-digest", Some(&wrong))
    };
    let registry = registry(vec![lie()]).await;
    let (graph, root) = app();
    fill(&registry, "app", &graph).await;
    let repository = source(registry.host(), "app");
    let by_digest = Name::Digest(root.digest());
    for error in [
        repository.fetch(&tag_name("1.0")).await.unwrap_err(),
        repository.fetch(&by_digest).await.unwrap_err(),
        repository.resolve(&by_digest).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
        assert_eq!(error.side(), Some(Side::Source));
    }
}

#[tokio::test]
async fn bytes_that_are_not_what_was_asked_for_are_refused() {
    let registry = registry(vec![on(Route::GetManifest).corrupt(3)]).await;
    let (graph, root) = app();
    fill(&registry, "app", &graph).await;
    let repository = source(registry.host(), "app");
    let error = transship_oci::Source::manifest(&repository, root.descriptor())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert!(
        error
            .message()
            .starts_with(&format!("manifest {} was asked for", root.digest())),
        "{error}"
    );
}

#[tokio::test]
async fn a_manifest_without_end_is_cut_off() {
    let endless = on(Route::GetManifest).act(transship_testkit::fault::Action::Endless);
    let registry = registry(vec![endless]).await;
    let (graph, _) = app();
    fill(&registry, "app", &graph).await;
    let error = source(registry.host(), "app")
        .fetch(&tag_name("1.0"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let registry = registry(vec![]).await;
    let (graph, _) = app();
    fill(&registry, "app", &graph).await;
    let error = source(registry.host(), "app")
        .fetch(&tag_name("2.0"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.operation(), Some("get manifest 2.0"));
}

#[tokio::test]
async fn presence_is_told_in_the_order_asked_with_one_head_each() {
    let registry = registry(vec![]).await;
    let (graph, root) = app();
    fill(&registry, "app", &graph).await;
    let nowhere = Descriptor::of(media_type::OCI_MANIFEST, b"nowhere");
    let no_blob = Descriptor::of(media_type::OCI_LAYER, b"no blob");
    let (blob, bytes) = graph.blobs().iter().next().unwrap();
    let blob = Descriptor::new(media_type::OCI_LAYER, *blob, bytes.len() as u64);
    let nodes = [nowhere, root.descriptor().clone(), no_blob, blob];
    let target = Desk::new().open(registry.host(), "app", Side::Target);
    let there = target.have(&nodes).await.unwrap();
    assert_eq!(
        there,
        [
            Presence::Absent,
            Presence::Present,
            Presence::Absent,
            Presence::Present,
        ]
    );
    assert_eq!(
        registry.counts(),
        [("head-blob", 2), ("head-manifest", 2)].into()
    );
}
