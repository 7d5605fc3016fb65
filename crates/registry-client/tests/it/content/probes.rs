use std::sync::Arc;

use futures::TryStreamExt as _;
use transship_oci::{Sink as _, Source as _};
use transship_registry_client::{
    RemoteRepository,
    probe::{Finding, Probe, Referring},
};
use transship_registry_server::Settings;
use transship_testkit::{
    fault::{
        Answer, FaultRegistry, Quirk, Route, on,
        quirks::{Immutable, Mount, Order, Referrers},
    },
    image::{Graph, Image},
    peers::{DockerRegistry, Options},
};

use super::support::{fill, registry_with, source, target};

/// A registry that has an image already, so that its repository exists.
async fn used(quirks: Vec<Arc<dyn Quirk>>) -> (FaultRegistry, RemoteRepository) {
    let settings = Settings {
        sparse: true,
        ..Settings::default()
    };
    let registry = registry_with(settings, quirks).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    (registry, repository)
}

async fn tags(host: &str) -> Vec<String> {
    let repository = source(host, "app");
    let tags: Vec<_> = repository.tags().try_collect().await.unwrap();
    tags.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_registry_that_can_do_everything_is_left_as_it_was() {
    let (registry, repository) = used(vec![]).await;
    let mut probe = Probe::new(&repository);
    assert_eq!(probe.push().await, Finding::Yes);
    let deleting = probe.delete().await;
    assert_eq!(
        [deleting.manifests, deleting.tags, deleting.blobs],
        [Finding::Yes, Finding::Yes, Finding::Yes]
    );
    assert_eq!(probe.referrers().await, Referring::Api);
    assert_eq!(probe.mount().await, Finding::Yes);
    assert_eq!(probe.moves_tags().await, Finding::Yes);
    assert_eq!(probe.sparse_index().await, Finding::Yes);
    assert_eq!(probe.size_limit(), None);
    assert_eq!(probe.finish().await.left_behind, Vec::<String>::new());
    assert_eq!(tags(registry.host()).await, ["1"]);
    let put: Vec<_> = registry
        .seen()
        .into_iter()
        .filter(|seen| seen.route == Route::PutManifest)
        .collect();
    for seen in put {
        let (_, name) = seen.path.rsplit_once('/').unwrap();
        if let Ok(digest) = name.parse() {
            let node =
                transship_oci::Descriptor::new(transship_oci::media_type::OCI_MANIFEST, digest, 1);
            assert_eq!(
                repository.have(&[node]).await.unwrap(),
                [transship_oci::Presence::Absent]
            );
        }
    }
}

#[tokio::test]
async fn an_upload_that_is_refused_is_no_push_right() {
    let denied = on(Route::PostUpload).answer(Answer::error(403, "DENIED", "not you"));
    let registry = registry_with(Settings::default(), vec![denied]).await;
    let repository = target(registry.host(), "app");
    let found = Probe::new(&repository).push().await;
    let Finding::No(why) = found else {
        panic!("{found:?}")
    };
    assert!(why.contains("not you"), "{why}");
    assert_eq!(registry.count(Route::PostUpload), 1);
}

#[tokio::test]
async fn the_upload_of_the_push_probe_is_given_up() {
    let (registry, repository) = used(vec![]).await;
    assert_eq!(Probe::new(&repository).push().await, Finding::Yes);
    assert_eq!(
        registry.counts(),
        [("delete-upload", 1), ("post-upload", 1)].into()
    );
}

#[tokio::test]
async fn where_nothing_can_be_deleted_nothing_is_pushed() {
    let refused = on(Route::DeleteManifest)
        .or(Route::DeleteBlob)
        .answer(Answer::error(405, "UNSUPPORTED", "no deletes"));
    let (registry, repository) = used(vec![refused]).await;
    registry.forget();
    let mut probe = Probe::new(&repository);
    let deleting = probe.delete().await;
    assert!(matches!(deleting.manifests, Finding::No(_)), "{deleting:?}");
    assert_eq!(probe.referrers().await, Referring::ApiUnproven);
    let not_tried = "not tried, because what is pushed here cannot be removed again";
    let not_tried = Finding::Unknown(not_tried.to_owned());
    assert_eq!(probe.mount().await, not_tried);
    assert_eq!(probe.moves_tags().await, not_tried);
    assert_eq!(probe.sparse_index().await, not_tried);
    assert_eq!(probe.finish().await.left_behind, Vec::<String>::new());
    let pushes = [Route::PutManifest, Route::PostUpload, Route::PutBlob];
    assert_eq!(pushes.map(|route| registry.count(route)), [0; 3]);
}

#[tokio::test]
async fn what_cannot_be_deleted_after_all_is_named_and_nothing_more_is_pushed() {
    // What nobody has is simply not there; what is there is refused.
    let refused = on(Route::DeleteManifest)
        .or(Route::DeleteBlob)
        .from(2)
        .answer(Answer::error(405, "UNSUPPORTED", "no deletes"));
    let (registry, repository) = used(vec![refused]).await;
    let mut probe = Probe::new(&repository);
    let deleting = probe.delete().await;
    assert!(matches!(deleting.manifests, Finding::No(_)), "{deleting:?}");
    let pushed = registry.count(Route::PutManifest);
    assert_eq!(probe.referrers().await, Referring::ApiUnproven);
    let not_tried = "not tried, because what is pushed here cannot be removed again";
    assert_eq!(
        probe.moves_tags().await,
        Finding::Unknown(not_tried.to_owned())
    );
    assert_eq!(
        probe.sparse_index().await,
        Finding::Unknown(not_tried.to_owned())
    );
    assert_eq!(registry.count(Route::PutManifest), pushed);
    let left = probe.finish().await.left_behind;
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left[0].starts_with("transship-probe-"), "{left:?}");
    assert_eq!(tags(registry.host()).await.len(), 2);
}

#[tokio::test]
async fn a_lying_subject_is_found_out() {
    for (quirk, expected) in [
        (Referrers::Lie, Referring::Lies),
        (Referrers::Missing, Referring::FallbackTag),
        (Referrers::Html, Referring::FallbackTag),
    ] {
        let (registry, repository) = used(vec![Arc::new(quirk)]).await;
        let mut probe = Probe::new(&repository);
        assert_eq!(probe.referrers().await, expected, "{quirk:?}");
        assert_eq!(
            probe.finish().await.left_behind,
            Vec::<String>::new(),
            "{quirk:?}"
        );
        assert_eq!(tags(registry.host()).await, ["1"], "{quirk:?}");
    }
}

#[tokio::test]
async fn what_a_registry_does_not_do_is_a_no() {
    let (_registry, repository) = used(vec![
        Arc::new(Immutable::Always),
        Arc::new(Order::ChildrenFirst),
        Arc::new(Mount::Session),
    ])
    .await;
    let mut probe = Probe::new(&repository);
    let moves = probe.moves_tags().await;
    assert!(
        matches!(&moves, Finding::No(why) if why.contains("immutable")),
        "{moves:?}"
    );
    let sparse = probe.sparse_index().await;
    assert!(matches!(sparse, Finding::No(_)), "{sparse:?}");
    let mount = probe.mount().await;
    assert_eq!(
        mount,
        Finding::No("the registry opens an upload instead".to_owned())
    );
    assert_eq!(probe.finish().await.left_behind, Vec::<String>::new());
}

#[tokio::test]
async fn docker_registry_is_described_as_it_is() {
    let Some(registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let repository = target(registry.host(), "team/app");
    let mut probe = Probe::new(&repository);
    assert_eq!(probe.push().await, Finding::Yes);
    let deleting = probe.delete().await;
    assert_eq!(deleting.manifests, Finding::Yes);
    assert!(matches!(deleting.tags, Finding::No(_)), "{deleting:?}");
    assert_eq!(probe.referrers().await, Referring::FallbackTag);
    assert_eq!(probe.mount().await, Finding::Yes);
    assert_eq!(probe.moves_tags().await, Finding::Yes);
    let left = probe.finish().await.left_behind;
    assert_eq!(left, Vec::<String>::new());
}
