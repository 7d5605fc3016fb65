//! Blobs.

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, future::join_all, stream};
use transship_oci::{
    Algorithm, Blob, ByteStream, Descriptor, Digest, MemoryBlob, Placed, Placement, Presence,
    Result, media_type,
};

use super::Pair;
use crate::image::{Graph, Image, layer, layer::noise_bytes, read};

fn blob(bytes: &Bytes) -> MemoryBlob {
    MemoryBlob::new(Descriptor::of(media_type::OCI_LAYER, bytes), bytes.clone())
}

async fn assert_there(pair: &Pair, node: &Descriptor, bytes: &Bytes) {
    let found = read(&*pair.source(), node, 0).await.expect("the blob");
    assert_eq!(found, bytes);
}

pub(super) async fn a_blob_opens_at_every_offset(pair: &Pair) {
    let bytes = noise_bytes(1, 100_000);
    let blob = blob(&bytes);
    let placed = pair.sink().put_blob(&blob, &Placement::default()).await;
    assert_eq!(placed.expect("a put"), Placed::Sent(100_000));
    let source = pair.source();
    for from in [0, 1, 49_999, 65_536, 99_999, 100_000] {
        let found = read(&*source, blob.descriptor(), from)
            .await
            .expect("an opening");
        let start = usize::try_from(from).expect("small");
        assert_eq!(found, bytes[start..], "from {from}");
    }
}

pub(super) async fn an_empty_blob_is_a_blob(pair: &Pair) {
    let nothing = Bytes::new();
    let blob = blob(&nothing);
    pair.sink()
        .put_blob(&blob, &Placement::default())
        .await
        .expect("a put");
    let told = pair
        .sink()
        .have(&[blob.descriptor().clone()])
        .await
        .expect("an answer");
    assert_eq!(told, [Presence::Present]);
    assert_there(pair, blob.descriptor(), &nothing).await;
}

pub(super) async fn a_blob_is_put_once_and_again(pair: &Pair) {
    let bytes = noise_bytes(2, 1000);
    for absent in [false, true, false] {
        let placement = Placement {
            absent,
            ..Placement::default()
        };
        let placed = pair
            .sink()
            .put_blob(&blob(&bytes), &placement)
            .await
            .expect("a put");
        assert!(
            matches!(placed, Placed::Sent(1000) | Placed::Present),
            "{placed:?}"
        );
    }
    assert_there(pair, blob(&bytes).descriptor(), &bytes).await;
}

pub(super) async fn many_put_the_same_blob_at_once(pair: &Pair) {
    let bytes = noise_bytes(3, 50_000);
    let sink = pair.sink();
    let (blob, placement) = (blob(&bytes), Placement::default());
    let puts = (0..8).map(|_| sink.put_blob(&blob, &placement));
    for placed in join_all(puts).await {
        placed.expect("a put");
    }
    assert_there(pair, blob.descriptor(), &bytes).await;
}

pub(super) async fn a_blob_of_several_pieces_arrives_whole(pair: &Pair) {
    let bytes = noise_bytes(4, 3_000_000);
    let blob = Pieces {
        whole: blob(&bytes),
        piece: 10_007,
        end: usize::MAX,
    };
    pair.sink()
        .put_blob(&blob, &Placement::default())
        .await
        .expect("a put");
    assert_there(pair, blob.descriptor(), &bytes).await;
}

pub(super) async fn other_bytes_than_promised_are_refused(pair: &Pair) {
    for size in [10, 200_000] {
        let promised = Descriptor::of(media_type::OCI_LAYER, &noise_bytes(5, size));
        let blob = MemoryBlob::new(promised.clone(), noise_bytes(6, size));
        let refused = pair.sink().put_blob(&blob, &Placement::default()).await;
        refused.expect_err("bytes that hash to something else");
        let told = pair.sink().have(&[promised]).await.expect("an answer");
        assert_eq!(told, [Presence::Absent]);
    }
}

pub(super) async fn fewer_bytes_than_promised_are_refused(pair: &Pair) {
    for size in [10, 200_000] {
        let bytes = noise_bytes(7, size);
        let blob = Pieces {
            whole: blob(&bytes),
            piece: 4096,
            end: size / 2,
        };
        let refused = pair.sink().put_blob(&blob, &Placement::default()).await;
        refused.expect_err("a blob that ends early");
        let told = pair
            .sink()
            .have(&[blob.descriptor().clone()])
            .await
            .expect("an answer");
        assert_eq!(told, [Presence::Absent]);
    }
}

pub(super) async fn sha512_is_a_digest_too(pair: &Pair) {
    if !pair.sha512 {
        return;
    }
    let bytes = noise_bytes(8, 5000);
    let digest = Digest::of(Algorithm::Sha512, &bytes);
    let node = Descriptor::new(media_type::OCI_LAYER, digest, 5000);
    let blob = MemoryBlob::new(node.clone(), bytes.clone());
    pair.sink()
        .put_blob(&blob, &Placement::default())
        .await
        .expect("a put");
    assert_there(pair, &node, &bytes).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(9, 10).sha512()).sha512());
    graph.push_to(&*pair.sink()).await.expect("a push");
    assert_eq!(image.digest.algorithm(), Algorithm::Sha512);
    graph.assert_in(&*pair.source()).await;
}

/// A blob that comes in pieces, and may end before its end.
struct Pieces {
    whole: MemoryBlob,
    piece: usize,
    end: usize,
}

impl Blob for Pieces {
    fn descriptor(&self) -> &Descriptor {
        self.whole.descriptor()
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        Box::pin(async move {
            let mut whole = self.whole.open(0).await?;
            let bytes = whole.next().await.transpose()?.unwrap_or_default();
            let end = self.end.min(bytes.len());
            let from = usize::try_from(from).unwrap_or(usize::MAX).min(end);
            let bytes = bytes.slice(from..end);
            let piece = self.piece;
            let pieces = (0..bytes.len())
                .step_by(piece)
                .map(move |at| Ok(bytes.slice(at..(at + piece).min(bytes.len()))));
            Ok(stream::iter(pieces).boxed())
        })
    }
}
