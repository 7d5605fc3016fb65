//! `kill -9` in the middle of a large layer, and the second run.

use bytes::Bytes;
use transship_oci::{ErrorKind, Name, Source as _, media_type};
use transship_testkit::{
    fault::{FaultRegistry, Hold, Route, on, proxy},
    image::{Graph, Image, Layer, layer},
    peers::{Home, Process},
};

use super::place::{Kind, Place};
use crate::world::{at_home, expect, registry, remote};

const MIB: u64 = 1024 * 1024;
const SIZE: u64 = 256 * MIB;
/// Where the first run is killed: 60 %.
const KILLED_AT: u64 = SIZE * 6 / 10;

/// An image of one large layer.
fn large() -> Graph {
    let once = layer::noise_bytes(1, 1024 * 1024);
    let bytes = Bytes::from(once.repeat(256));
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(Layer::new(media_type::OCI_LAYER_GZIP, bytes)));
    graph.tag("1", &image);
    graph
}

/// What was sent of the layer.
struct Sent {
    /// By the run that was killed.
    first: u64,
    /// By the run after it.
    second: u64,
}

async fn killed(kind: Kind) -> Option<Sent> {
    let place = Place::start(kind).await?;
    let (home, hold) = (Home::new(), Hold::new());
    let from = registry().await;
    let stall = on(Route::Patch).first(1).stall_request(KILLED_AT, &hold);
    let front = FaultRegistry::start(proxy(place.host()), vec![stall]).await;
    let graph = large();
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (
        format!("{}/app:1", from.host()),
        format!("{}/", front.host()),
    );

    let mut process = Process::spawn(at_home(&home).command(["copy", &source, &target]));
    hold.arrived().await;
    process.kill().await;
    hold.release();
    let there = remote(&place.repository("app"));
    let tag = Name::Tag("1".parse().unwrap());
    let between = there.resolve(&tag).await.unwrap_err();
    assert_eq!(between.kind(), ErrorKind::NotFound, "{between}");
    assert_eq!(front.count(Route::PutManifest), 0);

    let run = at_home(&home).run(["copy", &source, &target]).await;
    expect(&run, 0);
    graph.assert_in(&there).await;
    let patches: Vec<u64> = front
        .seen()
        .iter()
        .filter(|seen| seen.route == Route::Patch)
        .map(|seen| seen.received)
        .collect();
    let (first, later) = patches.split_first().unwrap();
    assert!(*first >= KILLED_AT, "{patches:?}");
    Some(Sent {
        first: *first,
        second: later.iter().sum(),
    })
}

#[tokio::test]
async fn distribution_gets_little_twice() {
    let Some(sent) = killed(Kind::Distribution).await else {
        return;
    };
    assert!(
        sent.first + sent.second <= SIZE + 64 * MIB,
        "{} and {}",
        sent.first,
        sent.second
    );
}

#[tokio::test]
async fn our_registry_gets_little_twice() {
    let Some(sent) = killed(Kind::Ours).await else {
        return;
    };
    assert!(
        sent.first + sent.second <= SIZE + 64 * MIB,
        "{} and {}",
        sent.first,
        sent.second
    );
}

/// docker-registry 2.8 takes a session's address only while it names the very offset that has arrived, and forgets the
/// session otherwise: after a cut in the middle of a request nobody has that address. The layer is sent anew, once.
#[tokio::test]
async fn docker_registry_gets_it_anew_once() {
    let Some(sent) = killed(Kind::Debian).await else {
        return;
    };
    assert_eq!(sent.second, SIZE);
}
