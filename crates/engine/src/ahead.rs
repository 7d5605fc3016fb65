//! Reading ahead: a source goes on while the sink is busy with what came before.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer, Result, Source,
    Tag,
};

use crate::task::Task;

/// Bytes that wait of each blob that is open, and one piece more.
const WINDOW: u32 = 1024 * 1024;

/// A source whose blobs are read on while nobody asks for more, as far as the window goes.
///
/// A blob that waits for its turn then begins with what is here already, and a sink that stops to send a part does not
/// stop the source.
#[derive(Debug)]
pub(crate) struct Ahead(pub(crate) Arc<dyn Source>);

type Piece = (Result<Bytes>, Option<OwnedSemaphorePermit>);

/// The same bytes, read by a task of its own that ends with the stream.
fn ahead(from: ByteStream) -> ByteStream {
    let (sender, pieces) = mpsc::unbounded_channel();
    let feeder = Task::spawn(feed(from, sender));
    stream::unfold((pieces, feeder), |(mut pieces, feeder)| async move {
        let (piece, _room): Piece = pieces.recv().await?;
        Some((piece, (pieces, feeder)))
    })
    .boxed()
}

/// Reads as long as there is room. An error is handed on in its place, and is the last.
async fn feed(mut from: ByteStream, pieces: mpsc::UnboundedSender<Piece>) {
    let window = Arc::new(Semaphore::new(WINDOW as usize));
    while let Some(piece) = from.next().await {
        let length = piece.as_ref().map_or(0, Bytes::len);
        let last = piece.is_err();
        let room = u32::try_from(length).unwrap_or(WINDOW).min(WINDOW);
        let room = Arc::clone(&window).acquire_many_owned(room).await.ok();
        if pieces.send((piece, room)).is_err() || last {
            break;
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Source for Ahead {
    fn location(&self) -> &Location {
        self.0.location()
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.0.budget()
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.0.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.0.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.0.manifest(node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        self.0.blob(node, from).await.map(ahead)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.0.referrers(subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.0.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.0.tags()
    }

    fn forget(&self) {
        self.0.forget();
    }

    fn is_carried(&self) -> bool {
        self.0.is_carried()
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.0.lacks(node)
    }
}

#[cfg(test)]
mod tests;
