use std::sync::Arc;

use transship_oci::{ErrorKind, RawManifest, Sink as _, Tag};
use transship_testkit::{
    fault::{Answer, Route, on, quirks::Immutable},
    image::{Graph, Image, layer},
};

use super::support::{at_tag, fill, registry, target};

fn image(name: &str) -> (Graph, RawManifest) {
    let mut graph = Graph::new();
    graph.image(Image::new().layer(layer::plain(name, b"x")));
    let manifest = graph.manifests()[0].clone();
    (graph, manifest)
}

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[tokio::test]
async fn one_tag_is_one_put() {
    let registry = registry(vec![]).await;
    let (graph, manifest) = image("a");
    fill(&registry, "app", &graph).await;
    target(registry.host(), "app")
        .tag(&tags(&["1"]), &manifest)
        .await
        .unwrap();
    assert_eq!(registry.counts(), [("put-manifest", 1)].into());
    assert_eq!(at_tag(registry.host(), "app", "1").await, manifest);
}

#[tokio::test]
async fn several_tags_are_one_put_where_the_registry_confirms_them() {
    let registry = registry(vec![]).await;
    let (graph, manifest) = image("a");
    fill(&registry, "app", &graph).await;
    let names = ["1", "1.2", "1.2.3", "latest"];
    target(registry.host(), "app")
        .tag(&tags(&names), &manifest)
        .await
        .unwrap();
    assert_eq!(registry.count(Route::PutManifest), 1);
    for name in names {
        assert_eq!(at_tag(registry.host(), "app", name).await, manifest);
    }
}

#[tokio::test]
async fn what_is_not_confirmed_is_put_one_by_one_and_not_tried_again() {
    let registry = registry(vec![on(Route::PutManifest).header("oci-tag", None)]).await;
    let (graph, manifest) = image("a");
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    repository.tag(&tags(&["1", "2"]), &manifest).await.unwrap();
    assert_eq!(registry.count(Route::PutManifest), 3);
    repository.tag(&tags(&["3", "4"]), &manifest).await.unwrap();
    assert_eq!(registry.count(Route::PutManifest), 5);
    assert_eq!(at_tag(registry.host(), "app", "4").await, manifest);
}

#[tokio::test]
async fn an_immutable_tag_that_points_where_it_should_is_done() {
    let registry = registry(vec![Arc::new(Immutable::Always)]).await;
    let (graph, manifest) = image("a");
    fill(&registry, "app", &graph).await;
    target(registry.host(), "app")
        .tag(&tags(&["1"]), &manifest)
        .await
        .unwrap();
    registry.forget();
    target(registry.host(), "app")
        .tag(&tags(&["1"]), &manifest)
        .await
        .unwrap();
    assert_eq!(
        registry.counts(),
        [("head-manifest", 1), ("put-manifest", 1)].into()
    );
}

#[tokio::test]
async fn an_immutable_tag_that_points_elsewhere_is_a_conflict_with_a_way_out() {
    let registry = registry(vec![Arc::new(Immutable::Always)]).await;
    let (graph, old) = image("a");
    let (other, new) = image("b");
    fill(&registry, "app", &graph).await;
    fill(&registry, "app", &other).await;
    let repository = target(registry.host(), "app");
    repository.tag(&tags(&["1"]), &old).await.unwrap();
    let error = repository.tag(&tags(&["1"]), &new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.message(),
        format!(
            "tag 1 is immutable at the registry and points at {}",
            old.digest()
        )
    );
    assert_eq!(
        error.hint(),
        Some("copy to another tag, or have the registry's owner lift the immutability")
    );
}

#[tokio::test]
async fn a_refusal_for_another_reason_keeps_its_reason() {
    let denied = on(Route::PutManifest).answer(Answer::error(403, "DENIED", "no push for you"));
    let registry = registry(vec![denied]).await;
    let (_, manifest) = image("a");
    let error = target(registry.host(), "app")
        .tag(&tags(&["1"]), &manifest)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.message().contains("no push for you"), "{error}");
}

#[tokio::test]
async fn a_registry_that_keeps_something_else_is_found_out() {
    let wrong = transship_oci::Digest::sha256(b"other").to_string();
    let registry = registry(vec![
        on(Route::PutManifest).header("docker-content-digest", Some(&wrong)),
    ])
    .await;
    let mut graph = Graph::new();
    graph.image(Image::new().empty_config());
    let manifest = graph.manifests()[0].clone();
    let config = super::support::TestBlob::new("{}".into());
    let repository = target(registry.host(), "app");
    repository
        .put_blob(&config, &super::support::absent())
        .await
        .unwrap();
    let error = repository.put_manifest(&manifest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
}

#[tokio::test]
async fn a_manifest_that_is_too_large_for_the_registry_is_named() {
    let quirk = transship_testkit::fault::quirks::MaxBody::new([Route::PutManifest], 10);
    let registry = registry(vec![Arc::new(quirk)]).await;
    let (_, manifest) = image("a");
    let error = target(registry.host(), "app")
        .put_manifest(&manifest)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(
        error.operation(),
        Some(format!("put manifest {}", manifest.digest()).as_str())
    );
}
