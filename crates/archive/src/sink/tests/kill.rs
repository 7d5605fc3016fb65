//! Stopped anywhere, gone on with, and the same in the end.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use proptest::prelude::*;
use transship_oci::{
    Blob, ByteStream, Descriptor, HashState, MemoryBlob, Placement, Result, Sink as _, Verifier,
};
use transship_testkit::image::{Graph, Image, layer};

use super::world::{PART, World, blob};
use crate::outline::tests::write_out;

/// A blob as the engine gives it: in pieces, hashed as they pass, able to go on from a saved hash. After so many bytes,
/// counted over all blobs, its streams hang: that is when the process is killed.
struct Mortal {
    whole: MemoryBlob,
    verifier: Arc<Verifier>,
    life: Arc<AtomicU64>,
    hang: bool,
}

impl Mortal {
    fn new(whole: MemoryBlob, life: &Arc<AtomicU64>) -> Self {
        Self {
            verifier: Arc::new(Verifier::new(whole.descriptor().clone())),
            whole,
            life: Arc::clone(life),
            hang: true,
        }
    }
}

impl Blob for Mortal {
    fn descriptor(&self) -> &Descriptor {
        self.whole.descriptor()
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        Box::pin(async move {
            let mut whole = self.whole.open(from).await?;
            let bytes: Bytes = whole.next().await.transpose()?.unwrap_or_default();
            let (verifier, life) = (Arc::clone(&self.verifier), Arc::clone(&self.life));
            let pieces = bytes.chunks(1500).map(Bytes::copy_from_slice);
            let pieces: Vec<_> = pieces.collect();
            let mut at = from;
            let pieces = stream::iter(pieces).then(move |piece| {
                let (verifier, life) = (Arc::clone(&verifier), Arc::clone(&life));
                let start = at;
                at += piece.len() as u64;
                async move {
                    let size = piece.len() as u64;
                    let left = life.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        left.checked_sub(size)
                    });
                    if left.is_err() {
                        std::future::pending::<()>().await;
                    }
                    verifier.pass(start, &piece)?;
                    Ok(piece)
                }
            });
            Ok(pieces.boxed())
        })
    }

    fn hash_state(&self) -> Option<HashState> {
        self.hang.then(|| self.verifier.state())
    }

    fn restore(&self, state: &HashState) -> u64 {
        self.verifier.restore(state)
    }
}

fn graph() -> Graph {
    let mut graph = Graph::new();
    let small = graph.image(Image::new().layers([layer::noise(1, 30_000), layer::noise(2, 700)]));
    graph.attach(&small, "application/spdx+json", b"listed");
    graph.tag("small", &small);
    let large = graph.image(Image::new().layers([layer::noise(3, 250_000), layer::noise(4, 4096)]));
    graph.tag("large", &large);
    graph
}

/// Writes until so many bytes were read, and then ends as a process does.
async fn live(world: &World, life: u64) -> bool {
    let life = Arc::new(AtomicU64::new(life));
    let write = async {
        let sink = world.open().await.unwrap();
        for node in world.outline.blobs() {
            let mortal = Mortal::new(blob(world, node), &life);
            sink.put_blob(&mortal, &Placement::default()).await.unwrap();
        }
        for manifest in world.outline.manifests() {
            sink.put_manifest(manifest).await.unwrap();
        }
        sink.finish().await.unwrap();
    };
    // Nothing but the hanging stream waits for ever.
    tokio::time::timeout(std::time::Duration::from_hours(1), write)
        .await
        .is_ok()
}

fn killed(lives: &[u64], volume_size: Option<u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(graph(), volume_size);
        for life in lives {
            live(&world, *life).await;
        }
        assert!(live(&world, u64::MAX).await);
        assert_eq!(
            world.written(),
            write_out(&world.outline, world.graph.blobs())
        );
        let needed: u64 = world
            .outline
            .volumes()
            .iter()
            .map(|it| it.size().div_ceil(PART))
            .sum();
        // One part in the middle and those in flight, for every end.
        let wasted = lives.len() * (1 + world.options.parts_in_flight);
        let most = usize::try_from(needed).unwrap() + wasted;
        assert!(world.puts() <= most, "{} of at most {most}", world.puts());
        assert_eq!(world.memory.open_sessions(), 0);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn it_goes_on_where_it_stopped(
        lives in prop::collection::vec(0_u64..300_000, 1..4),
        volume_size in prop::option::of(110_000_u64..250_000),
    ) {
        killed(&lives, volume_size);
    }
}

#[test]
fn it_goes_on_in_the_middle_of_a_part_of_a_blob() {
    killed(&[60_000, 90_000, 150_000, 200_000], Some(130_000));
}
