use std::sync::Arc;

use transship_oci::{ErrorKind, Sink as _, Source};
use transship_testkit::{
    fault::{Answer, Route, on, quirks::Referrers},
    image::{Graph, Image},
};

use super::support::{fill, registry, source, tag_name, target};

#[tokio::test]
async fn a_manifest_goes_with_its_tags_and_the_second_time_it_was_not_there() {
    let registry = registry(vec![]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    assert!(repository.delete_manifest(&image.digest).await.unwrap());
    assert!(!repository.delete_manifest(&image.digest).await.unwrap());
    let error = source(registry.host(), "app")
        .resolve(&tag_name("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_tag_goes_and_its_manifest_stays() {
    let registry = registry(vec![]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    assert!(repository.delete_tag(&"1".parse().unwrap()).await.unwrap());
    assert!(!repository.delete_tag(&"1".parse().unwrap()).await.unwrap());
    assert_eq!(
        repository.have(&[image]).await.unwrap(),
        [transship_oci::Presence::Present]
    );
}

#[tokio::test]
async fn a_deleted_referrer_leaves_the_fallback_index() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    let one = graph.attach(&image, "application/x", b"1");
    let two = graph.attach(&image, "application/x", b"2");
    fill(&registry, "app", &graph).await;
    assert!(
        target(registry.host(), "app")
            .delete_manifest(&one.digest)
            .await
            .unwrap()
    );
    let left = Source::referrers(&source(registry.host(), "app"), &image.digest)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].descriptor.digest, two.digest);
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_says_so() {
    let refused = on(Route::DeleteManifest).answer(Answer::error(405, "UNSUPPORTED", "no deletes"));
    let registry = registry(vec![refused]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    fill(&registry, "app", &graph).await;
    let error = target(registry.host(), "app")
        .delete_manifest(&image.digest)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("no deletes"), "{error}");
}
