//! `kill -9` in the middle of a large layer, and the second run.

use bytes::Bytes;
use futures::TryStreamExt as _;
use transship_oci::{Descriptor, ErrorKind, Hasher, Name, Source as _, media_type};
use transship_registry_client::RemoteRepository;
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
/// As much may be sent twice.
const CHUNK: u64 = 64 * MIB;

/// A source with an image of one large layer, which is not kept in memory a second time.
async fn large() -> (FaultRegistry, Descriptor, Descriptor) {
    let once = layer::noise_bytes(1, 1024 * 1024);
    let large = Layer::new(media_type::OCI_LAYER_GZIP, Bytes::from(once.repeat(256)));
    let mut graph = Graph::new();
    let blob = graph.blob(&large);
    assert_eq!(blob.size, SIZE);
    let image = graph.image(Image::new().layer(large));
    graph.tag("1", &image);
    let from = registry().await;
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    (from, image, blob)
}

fn tag() -> Name {
    Name::Tag("1".parse().unwrap())
}

/// Reads a blob piece by piece, and compares what it hashes to with its name.
async fn assert_whole(at: &RemoteRepository, blob: &Descriptor) {
    let mut hasher = Hasher::new(blob.digest.algorithm());
    let mut pieces = at.blob(blob, 0).await.unwrap();
    while let Some(piece) = pieces.try_next().await.unwrap() {
        hasher.update(&piece);
    }
    assert_eq!(hasher.finish(), blob.digest);
}

/// The bytes of each PATCH, as the proxy before the registry has counted them.
fn patches(front: &FaultRegistry) -> Vec<u64> {
    let seen = front.seen().into_iter();
    seen.filter(|seen| seen.route == Route::Patch)
        .map(|seen| seen.received)
        .collect()
}

/// docker-registry 2.8 takes a session's address only while it names the very offset that has arrived, and drops the
/// session otherwise: after a cut in the middle of a request nobody has that address. There the layer is sent anew,
/// once.
#[tokio::test]
async fn the_second_run_sends_little_twice() {
    let (from, image, blob) = large().await;
    let source = format!("{}/app:1", from.host());
    for kind in Kind::ALL {
        let Some(place) = Place::start(kind).await else {
            continue;
        };
        let (home, hold) = (Home::new(), Hold::new());
        let stall = on(Route::Patch).first(1).stall_request(KILLED_AT, &hold);
        let front = FaultRegistry::start(proxy(place.host()), vec![stall]).await;
        let target = format!("{}/", front.host());
        let mut process = Process::spawn(at_home(&home).command(["copy", &source, &target]));
        hold.arrived().await;
        process.kill().await;
        hold.release();
        let there = remote(&place.repository("app"));
        let between = there.resolve(&tag()).await.unwrap_err();
        assert_eq!(between.kind(), ErrorKind::NotFound, "{kind:?}: {between}");
        assert_eq!(front.count(Route::PutManifest), 0, "{kind:?}");

        expect(&at_home(&home).run(["copy", &source, &target]).await, 0);
        let found = there.resolve(&tag()).await.unwrap();
        assert_eq!(found.digest, image.digest, "{kind:?}");
        assert_whole(&there, &blob).await;
        let patches = patches(&front);
        // More than one in the second run: the registry may still be taking in what the first has sent.
        let (first, later) = patches.split_first().unwrap();
        let second: u64 = later.iter().sum();
        assert!(*first >= KILLED_AT, "{kind:?}: {patches:?}");
        let anew = kind == Kind::Debian;
        let most = if anew { SIZE } else { SIZE + CHUNK - first };
        assert!(second <= most, "{kind:?}: {patches:?}");
    }
}
