//! The same against registries of others.

use transship_oci::{
    Blob as _, Digest, Placed, Placement, Presence, Side, Sink as _, Source, Tag, Tie,
};
use transship_registry_client::RemoteRepository;
use transship_testkit::{
    fault::{FaultRegistry, Route, on},
    image::{Graph, Image, Index, layer},
    peers::{Distribution, DockerRegistry, Options},
};

use super::support::{Desk, TestBlob, absent, at_tag, push, read_blob, target};

fn app() -> Graph {
    let mut graph = Graph::new();
    let amd = graph.image(
        Image::new()
            .platform("linux/amd64")
            .layer(layer::noise(1, 9_000_000)),
    );
    let arm = graph.image(
        Image::new()
            .platform("linux/arm64")
            .layer(layer::gzip("a", b"arm")),
    );
    let app = graph.index(Index::of([amd, arm]));
    graph.tag("1.0", &app);
    graph.attach(&app, "application/x.signature", b"sig");
    let sbom = graph.attach(&app, "application/spdx+json", b"sbom");
    graph.attach(&sbom, "application/x.signature", b"sig of sbom");
    graph.sign_in_tag(&app, &[b"payload"]);
    graph
}

async fn everything_is_there(host: &str) {
    let graph = app();
    push(host, "team/app", &graph).await;
    let root = graph.tagged("1.0").unwrap();
    assert_eq!(&at_tag(host, "team/app", "1.0").await, root);
    for (digest, bytes) in graph.blobs() {
        let node =
            transship_oci::Descriptor::new("application/octet-stream", *digest, bytes.len() as u64);
        assert_eq!(&read_blob(host, "team/app", &node).await, bytes);
    }
    let nodes: Vec<_> = graph
        .manifests()
        .iter()
        .map(|manifest| manifest.descriptor().clone())
        .collect();
    let there = target(host, "team/app").have(&nodes).await.unwrap();
    assert!(there.iter().all(|presence| *presence == Presence::Present));
    let repository = super::support::source(host, "team/app");
    let referrers = Source::referrers(&repository, &root.digest())
        .await
        .unwrap();
    let [sig, ..] = Tag::legacy(&root.digest());
    assert_eq!(referrers.len(), 3);
    assert!(
        referrers
            .iter()
            .any(|referrer| referrer.tie == Tie::Tag(sig.clone()))
    );
    let sbom = referrers
        .iter()
        .find(|referrer| {
            referrer.descriptor.artifact_type.as_deref() == Some("application/spdx+json")
        })
        .unwrap();
    let second = Source::referrers(&repository, &sbom.descriptor.digest)
        .await
        .unwrap();
    assert_eq!(second.len(), 1);
}

async fn mounts(host: &str) {
    let blob = TestBlob::noise(3, 200_000);
    target(host, "base")
        .put_blob(&blob, &absent())
        .await
        .unwrap();
    let placement = Placement {
        mount_from: Some(transship_oci::Repository::new(host, "base").unwrap()),
        absent: true,
    };
    let placed = target(host, "other/app")
        .put_blob(&blob, &placement)
        .await
        .unwrap();
    assert_eq!(placed, Placed::Mounted);
}

/// Kills an upload after 12 MB of 20, and starts it again; returns how many bytes the second one sent.
async fn sent_after_a_kill(host: &str) -> u64 {
    let desk = Desk::new();
    let size = 20_000_000;
    let proxy = transship_testkit::fault::proxy(host);
    let hold = transship_testkit::fault::Hold::new();
    let front = FaultRegistry::start(
        proxy,
        vec![
            on(Route::Patch).first(1).cut_request(12_000_000),
            on(Route::GetUpload).first(1).hold(&hold),
        ],
    )
    .await;
    let repository: RemoteRepository = desk.open(front.host(), "cut", Side::Target);
    let killed = tokio::spawn(async move {
        repository
            .put_blob(&TestBlob::noise(9, size), &absent())
            .await
    });
    hold.arrived().await;
    killed.abort();
    _ = killed.await;
    hold.release();
    let blob = TestBlob::noise(9, size);
    let second = desk.open(front.host(), "cut", Side::Target);
    let placed = second.put_blob(&blob, &absent()).await.unwrap();
    let Placed::Sent(sent) = placed else {
        panic!("{placed:?}")
    };
    let bytes = read_blob(host, "cut", blob.descriptor()).await;
    assert_eq!(Digest::sha256(&bytes), blob.digest());
    sent
}

#[tokio::test]
async fn docker_registry_takes_and_gives_everything() {
    let Some(registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    everything_is_there(registry.host()).await;
    mounts(registry.host()).await;
    // Its sessions cannot be asked once a request was cut (404 for the offset in `_state`): it starts over.
    assert_eq!(sent_after_a_kill(registry.host()).await, 20_000_000);
}

#[tokio::test]
async fn distribution_takes_and_gives_everything() {
    let Some(registry) = Distribution::start(&Options::default()).await else {
        return;
    };
    everything_is_there(registry.host()).await;
    mounts(registry.host()).await;
    let sent = sent_after_a_kill(registry.host()).await;
    assert!(
        sent <= 9_000_000,
        "{sent} bytes were sent by the second process"
    );
}
