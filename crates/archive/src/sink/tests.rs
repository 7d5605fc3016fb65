mod kill;
pub(crate) mod world;

use std::sync::Arc;

use bytes::Bytes;
use futures::{
    StreamExt as _,
    future::{BoxFuture, join_all, try_join_all},
    stream,
};
use transship_oci::{
    Blob, ByteStream, Descriptor, Digest, ErrorKind, MemoryBlob, Placed, Placement, Presence,
    RawManifest, Result, Sink as _, media_type,
};
use transship_testkit::image::{Graph, Image, layer};

use self::world::{World, blob, push};
use crate::outline::tests::write_out;

fn images() -> Graph {
    let mut graph = Graph::new();
    for (tag, seed) in [("1", 1), ("2", 2), ("3", 3)] {
        let layers = [layer::noise(seed, 60_000), layer::noise(9, 30_000)];
        let app = graph.image(Image::new().layers(layers));
        graph.attach(&app, "application/spdx+json", b"listed");
        graph.sign_in_tag(&app, &[b"payload"]);
        graph.tag(tag, &app);
    }
    graph
}

#[tokio::test]
async fn what_is_written_is_what_was_laid_out() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    push(&world, &sink).await.unwrap();
    assert_eq!(world.memory.get("app.oci.tar"), None);
    sink.finish().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
    assert_eq!(world.memory.open_sessions(), 0);
}

#[tokio::test]
async fn so_it_is_in_volumes() {
    let mut graph = images();
    let large = graph.image(Image::new().layers([layer::noise(4, 500_000), layer::empty()]));
    graph.tag("large", &large);
    let world = World::new(graph, Some(200_000));
    assert!(world.outline.volumes().len() > 3);
    let sink = world.open().await.unwrap();
    push(&world, &sink).await.unwrap();
    sink.finish().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
    assert_eq!(world.memory.open_sessions(), 0);
}

#[tokio::test]
async fn blobs_wait_for_their_turn() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let mut blobs: Vec<_> = world
        .outline
        .blobs()
        .iter()
        .map(|it| blob(&world, it))
        .collect();
    blobs.reverse();
    let placement = Placement::default();
    // Each twice, as two artifacts that share it would.
    let puts = blobs
        .iter()
        .chain(&blobs)
        .map(|blob| sink.put_blob(blob, &placement));
    let placed = try_join_all(puts).await.unwrap();
    let sent = placed
        .iter()
        .filter(|it| matches!(it, Placed::Sent(_)))
        .count();
    assert_eq!(sent, blobs.len());
    sink.finish().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
}

#[tokio::test]
async fn what_is_not_in_the_outline_is_refused() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let other = Bytes::from_static(b"other");
    let node = Descriptor::of(media_type::OCI_LAYER, &other);
    let (put, placement) = (MemoryBlob::new(node.clone(), other), Placement::default());
    let error = sink.put_blob(&put, &placement).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    let digest = node.digest;
    let message =
        format!("target mem/app.oci.tar: blob {digest} is not in the outline of the archive");
    assert_eq!(error.to_string(), message);
    let stranger = RawManifest::named(media_type::OCI_INDEX, "{}".into()).unwrap();
    sink.put_manifest(&stranger).await.unwrap_err();
    let app = world.graph.tagged("1").unwrap();
    sink.tag(&["1".parse().unwrap()], app).await.unwrap();
    let error = sink.tag(&["7".parse().unwrap()], app).await.unwrap_err();
    assert!(error.to_string().contains("tag 7 of"), "{error}");
    sink.tag(&["1".parse().unwrap()], world.graph.tagged("2").unwrap())
        .await
        .unwrap_err();
}

#[tokio::test]
async fn nothing_is_complete_with_a_hole() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let nodes = world.outline.blobs();
    let placement = Placement::default();
    for node in &nodes[..nodes.len() - 1] {
        sink.put_blob(&blob(&world, node), &placement)
            .await
            .unwrap();
    }
    let error = sink.finish().await.unwrap_err();
    let last = nodes.last().unwrap().digest;
    let message =
        format!("target mem/app.oci.tar: the archive is to be completed without blob {last}");
    assert_eq!(error.to_string(), message);
    assert_eq!(world.memory.get("app.oci.tar"), None);
    sink.put_blob(&blob(&world, nodes.last().unwrap()), &placement)
        .await
        .unwrap();
    sink.finish().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
}

#[tokio::test]
async fn wrong_bytes_spoil_the_whole_and_are_not_gone_on_with() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let nodes = world.outline.blobs();
    let placement = Placement::default();
    let bad = nodes.iter().position(|node| node.size == 60_000).unwrap();
    for node in &nodes[..bad] {
        sink.put_blob(&blob(&world, node), &placement)
            .await
            .unwrap();
    }
    let wrong = MemoryBlob::new(nodes[bad].clone(), layer::noise_bytes(77, 60_000));
    let (wrong, behind) = (
        sink.put_blob(&wrong, &placement),
        blob(&world, &nodes[bad + 1]),
    );
    let (refused, behind) = futures::join!(wrong, sink.put_blob(&behind, &placement));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::DigestMismatch);
    assert_eq!(behind.unwrap_err().kind(), ErrorKind::DigestMismatch);
    sink.finish().await.unwrap_err();
    assert_eq!(world.memory.get("app.oci.tar"), None);
    assert_eq!(
        world.memory.open_sessions(),
        0,
        "nobody goes on behind bad bytes"
    );
    world.write().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
}

#[tokio::test]
async fn a_blob_that_ends_early_can_be_put_again() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let nodes = world.outline.blobs();
    let placement = Placement::default();
    for node in nodes {
        let whole = blob(&world, node);
        let cut = Cut(whole.clone(), usize::try_from(node.size / 2).unwrap());
        let error = sink.put_blob(&cut, &placement).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(
            sink.have(std::slice::from_ref(node)).await.unwrap(),
            [Presence::Absent]
        );
        let placed = sink.put_blob(&whole, &placement).await.unwrap();
        assert_eq!(placed, Placed::Sent(node.size - node.size / 2), "the rest");
    }
    sink.finish().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
}

#[tokio::test]
async fn too_many_bytes_are_refused() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let node = &world.outline.blobs()[0];
    let mut bytes = world.graph.blobs()[&node.digest].to_vec();
    bytes.push(0);
    let put = MemoryBlob::new(node.clone(), bytes.into());
    let refused = sink
        .put_blob(&put, &Placement::default())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn what_is_there_is_not_written_again() {
    for volume_size in [None, Some(180_000)] {
        let world = World::new(images(), volume_size);
        world.write().await.unwrap();
        let puts = world.puts();
        assert!(puts > 0);
        let sink = world.open().await.unwrap();
        let all = world.outline.blobs();
        let present = vec![Presence::Present; all.len()];
        assert_eq!(sink.have(all).await.unwrap(), present);
        let placed = sink
            .put_blob(&blob(&world, &all[0]), &Placement::default())
            .await;
        assert_eq!(placed.unwrap(), Placed::Present);
        sink.finish().await.unwrap();
        assert_eq!(world.puts(), puts);
    }
}

#[tokio::test]
async fn what_is_replaced_is_written_whole() {
    for volume_size in [None, Some(180_000)] {
        let mut world = World::new(images(), volume_size);
        world.write().await.unwrap();
        let whole = world.written();
        let (key, volume) = (
            &world.outline.keys(world::KEY)[0],
            &world.outline.volumes()[0],
        );
        let mut damaged = whole[0].clone();
        damaged[usize::try_from(volume.head_len()).unwrap() + 1000] ^= 1;
        world
            .memory
            .insert(key, damaged, std::collections::BTreeMap::new());
        world.options.overwrite = true;
        world.write().await.unwrap();
        assert!(world.written() == whole, "the damage was left there");
    }
}

#[tokio::test]
async fn something_else_that_is_there_stays() {
    let world = World::new(images(), None);
    world
        .memory
        .insert("app.oci.tar", "other", std::collections::BTreeMap::new());
    let error = world.open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    // Of the same size, and with another head.
    let mut bytes = write_out(&world.outline, world.graph.blobs()).remove(0);
    bytes[2000] ^= 1;
    world
        .memory
        .insert("app.oci.tar", bytes, std::collections::BTreeMap::new());
    assert_eq!(world.open().await.unwrap_err().kind(), ErrorKind::Conflict);
    let mut world = world;
    world.options.overwrite = true;
    world.write().await.unwrap();
    assert_eq!(
        world.written(),
        write_out(&world.outline, world.graph.blobs())
    );
}

#[tokio::test]
async fn what_lies_in_the_head_or_at_the_target_is_not_asked_for() {
    let mut graph = Graph::new();
    let base = layer::noise(1, 100);
    let app = graph.image(Image::new().empty_config().layer(base.clone()));
    graph.tag("1", &app);
    let base = base.descriptor();
    let world = World::with(graph, |options| {
        options.prerequisites = [base.digest].into();
    });
    let sink = world.open().await.unwrap();
    let nodes = [base, Descriptor::of(media_type::OCI_EMPTY, b"{}"), app];
    let (here, not) = (Presence::Present, Presence::Absent);
    assert_eq!(sink.have(&nodes).await.unwrap(), [here, here, not]);
    let never = MemoryBlob::new(nodes[0].clone(), Bytes::new());
    assert_eq!(
        sink.put_blob(&never, &Placement::default()).await.unwrap(),
        Placed::Present
    );
    sink.put_manifest(world.graph.tagged("1").unwrap())
        .await
        .unwrap();
    assert_eq!(sink.have(&nodes[2..]).await.unwrap(), [here]);
    sink.finish().await.unwrap();
}

#[tokio::test]
async fn an_archive_too_large_for_the_store_is_not_begun() {
    let world = World::new(images(), None);
    let mut capacity = world::capacity();
    capacity.max_object = Some(100_000);
    let world = world.with_capacity(capacity);
    let error = world.open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let size = world.outline.size();
    let message = format!(
        "target mem/app.oci.tar: the archive has a file of {size} bytes, and the store takes 100000 at most"
    );
    assert_eq!(error.to_string(), message);
    assert_eq!(world.memory.open_sessions(), 0);
}

#[tokio::test]
async fn room_is_needed_for_what_is_not_written_yet() {
    let world = World::new(images(), None);
    let size = world.outline.size();
    let mut capacity = world::capacity();
    capacity.free = Some(size - 1);
    let full = World::new(images(), None).with_capacity(capacity);
    let error = full.open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let message = format!(
        "target mem/app.oci.tar: the archive needs {size} bytes more, and the store has room for {}",
        size - 1
    );
    assert_eq!(error.to_string(), message);
    assert_eq!(full.memory.open_sessions(), 0);
    // One that is there, or has its room already, needs none.
    capacity.free = Some(size);
    let mut there = World::new(images(), None).with_capacity(capacity);
    there.write().await.unwrap();
    capacity.free = Some(0);
    there.watched =
        crate::store::Watched::new(Arc::new(there.memory.clone().with_capacity(capacity)));
    there.write().await.unwrap();
}

#[tokio::test]
async fn many_put_the_same_blob_at_once() {
    let world = World::new(images(), None);
    let sink = world.open().await.unwrap();
    let (first, placement) = (
        blob(&world, &world.outline.blobs()[0]),
        Placement::default(),
    );
    let placed = join_all((0..8).map(|_| sink.put_blob(&first, &placement))).await;
    let sent = placed
        .into_iter()
        .filter(|it| matches!(it, Ok(Placed::Sent(_))))
        .count();
    assert_eq!(sent, 1);
}

/// A blob whose stream ends early.
struct Cut(MemoryBlob, usize);

impl Blob for Cut {
    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        Box::pin(async move {
            let mut whole = self.0.open(0).await?;
            let bytes = whole.next().await.transpose()?.unwrap_or_default();
            let from = usize::try_from(from).unwrap().min(self.1);
            Ok(stream::iter([Ok(bytes.slice(from..self.1))]).boxed())
        })
    }
}

#[test]
fn notes_survive() {
    let mut hasher = transship_oci::Hasher::new(transship_oci::Algorithm::Sha256);
    hasher.update(b"beginning");
    let note = super::note::Note {
        blob: Some((3, hasher.save())),
        part: Some((1, hasher.save())),
        parts: vec![(0, Digest::sha256(b"part"))],
    };
    assert_eq!(super::note::Note::parse(&note.text().unwrap()), note);
    assert_eq!(super::note::Note::parse("{"), super::note::Note::default());
}
