//! Every known way in which a target misbehaves: what comes of a push, and that the fault struck.

use transship_oci::{Error, Placement, Result, Side, Sink as _, Source};
use transship_registry_client::RemoteRepository;
use transship_testkit::{
    fault::{
        FaultRegistry, Route,
        profiles::{Expect, Profile},
    },
    image::{Graph, Image, layer},
};

use super::support::{Desk, TestBlob, absent, registry, source, target};

/// An image with a blob for each way of an upload, and something of every kind beside it.
fn app() -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(
        Image::new()
            .layer(layer::noise(1, 9_000_000))
            .layer(layer::noise(2, 400_000)),
    );
    graph.tag("1.4", &image);
    graph.attach(&image, "application/x.signature", b"sig");
    graph.sign_in_tag(&image, &[b"payload"]);
    graph
}

/// Pushes as the engine does: blobs, manifests, tags.
async fn copy(graph: &Graph, to: &RemoteRepository, placement: &Placement) -> Result<()> {
    for bytes in graph.blobs().values() {
        to.put_blob(&TestBlob::new(bytes.clone()), placement)
            .await?;
    }
    for manifest in graph.manifests() {
        to.put_manifest(manifest).await?;
    }
    for (tag, digest) in graph.tags() {
        let manifest = graph.manifest(digest).unwrap();
        to.tag(std::slice::from_ref(tag), manifest).await?;
    }
    Ok(())
}

async fn check(profile: &Profile) {
    let registry = registry(profile.quirks()).await;
    let graph = app();
    let mut placement = absent();
    if profile.strikes == Route::PostMount {
        for bytes in graph.blobs().values() {
            let blob = TestBlob::new(bytes.clone());
            target(registry.host(), "base")
                .put_blob(&blob, &absent())
                .await
                .unwrap();
        }
        placement.mount_from = Some(registry.repository("base"));
    }
    let repository = Desk::new().open(registry.host(), "app", Side::Target);
    let done = copy(&graph, &repository, &placement).await;
    let name = profile.name;
    assert!(registry.count(profile.strikes) > 0, "{name} never struck");
    match (profile.expect, &done) {
        (Expect::Fails, Ok(())) => panic!("{name}: it should have failed"),
        (Expect::Copied, Err(error)) => panic!("{name}: {error}"),
        (_, Ok(())) => everything_is_there(&registry, &graph).await,
        (_, Err(error)) => says_where(error),
    }
}

async fn everything_is_there(registry: &FaultRegistry, graph: &Graph) {
    let repository = source(registry.host(), "app");
    let root = graph.tagged("1.4").unwrap();
    let referrers = Source::referrers(&repository, &root.digest())
        .await
        .unwrap();
    for manifest in &graph.manifests()[1..] {
        let listed = referrers
            .iter()
            .filter(|referrer| referrer.descriptor.digest == manifest.digest());
        assert_eq!(listed.count(), 1, "{referrers:?}");
    }
    graph.assert_in(&repository).await;
}

fn says_where(error: &Error) {
    assert_eq!(error.side(), Some(Side::Target), "{error}");
    assert!(
        error.operation().is_some() && error.place().is_some(),
        "{error}"
    );
}

/// Two tests, so that the slow half of the waiting goes on beside the other.
async fn check_every(second: usize) {
    let targets = Profile::ALL
        .iter()
        .filter(|profile| profile.side == Side::Target);
    for profile in targets.skip(second).step_by(2) {
        check(profile).await;
    }
}

#[tokio::test]
async fn half_of_what_targets_do() {
    check_every(0).await;
}

#[tokio::test]
async fn the_other_half() {
    check_every(1).await;
}
