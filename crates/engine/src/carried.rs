//! A blob for a sink that nobody hashes behind: an archive.
//!
//! A registry hashes what it is given before it commits. Here the engine's own look is the last, and has to cover every
//! byte that the sink takes, also those after a crash: the hash that the sink may note is never ahead of what it has in
//! hand, and a reading that begins beyond the hash is caught up with from the source.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use transship_oci::{
    Blob, ByteStream, Descriptor, Error, HashState, Observer, Result, Source, Verifier,
};

use crate::pump::Reading;

/// One blob on its way into an archive.
#[derive(Debug)]
pub(crate) struct Carried {
    source: Arc<dyn Source>,
    observer: Arc<dyn Observer>,
    blob: Descriptor,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The hash over everything before the piece that the sink has in hand.
    hash: Option<HashState>,
    /// The latest reading.
    reading: Option<Arc<Reading>>,
}

impl Carried {
    pub(crate) fn new(
        source: Arc<dyn Source>,
        observer: Arc<dyn Observer>,
        blob: Descriptor,
    ) -> Self {
        Self {
            source,
            observer,
            blob,
            state: Arc::default(),
        }
    }

    /// The source's own error, if that is what ended the latest reading.
    pub(crate) fn failure(&self) -> Option<Error> {
        lock(&self.state).reading.as_ref()?.failure()
    }

    /// Was it read to its end, and is every byte known to be right?
    pub(crate) fn is_read(&self) -> bool {
        let covered = |reading: &Arc<Reading>| reading.hash_state().length;
        lock(&self.state).reading.as_ref().map_or(0, covered) == self.blob.size
    }

    /// A new reading that begins at `from` or before, where its hash goes on.
    fn read(&self, from: u64) -> (Arc<Reading>, u64) {
        let (source, observer) = (Arc::clone(&self.source), Arc::clone(&self.observer));
        let reading = Reading::new(source, observer, self.blob.clone());
        let mut state = lock(&self.state);
        // A hash of more than comes before is of no use.
        state.hash = state.hash.take().filter(|hash| hash.length <= from);
        let start = state.hash.as_ref().map_or(0, |hash| reading.restore(hash));
        state.reading = Some(Arc::clone(&reading));
        (reading, start)
    }
}

impl Blob for Carried {
    fn descriptor(&self) -> &Descriptor {
        &self.blob
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        let (reading, start) = self.read(from);
        let pieces = Pieces {
            from: reading.stream(start),
            reading,
            state: Arc::clone(&self.state),
            skip: from - start,
        };
        let pieces = stream::unfold(pieces, |mut pieces| async move {
            let piece = pieces.next().await?;
            Some((piece, pieces))
        });
        // A sink may ask once more to see that it was the end.
        Box::pin(async move { Ok(pieces.fuse().boxed()) })
    }

    fn hash_state(&self) -> Option<HashState> {
        lock(&self.state).hash.clone()
    }

    fn restore(&self, state: &HashState) -> u64 {
        let covered = Verifier::new(self.blob.clone()).restore(state);
        if covered > 0 {
            lock(&self.state).hash = Some(state.clone());
        }
        covered
    }
}

/// The pieces of one reading.
struct Pieces {
    reading: Arc<Reading>,
    state: Arc<Mutex<State>>,
    from: ByteStream,
    /// Bytes that are read for the hash alone.
    skip: u64,
}

impl Pieces {
    async fn next(&mut self) -> Option<Result<Bytes>> {
        loop {
            // Whoever asks for more is done with what he had.
            lock(&self.state).hash = Some(self.reading.hash_state());
            let mut piece = match self.from.next().await? {
                Ok(piece) => piece,
                Err(error) => return Some(Err(error)),
            };
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX);
            let skipped = skipped.min(piece.len());
            self.skip -= skipped as u64;
            let rest = piece.split_off(skipped);
            if !rest.is_empty() {
                return Some(Ok(rest));
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
