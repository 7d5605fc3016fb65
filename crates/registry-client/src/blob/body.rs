//! The bytes of a blob on their way out: counted, cut to what is still to be sent, and watched for the journal.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use futures::Stream;
use tokio::sync::Notify;
use transship_oci::{ByteStream, Result};

/// So many bytes go out between two checkpoints: what is read a second time, at most, after a crash.
pub(super) const MARK: u64 = 64 * 1024 * 1024;

/// How far an upload is, seen from beside the stream that makes it advance.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes handed to the wire, over all attempts.
    sent: AtomicU64,
    /// Did the source break off?
    broken: AtomicBool,
    /// Told when another [`MARK`] bytes are out.
    marks: Notify,
}

impl Progress {
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub(super) fn add(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Relaxed);
    }

    /// Was it the source that failed, not the target?
    pub(super) fn broken(&self) -> bool {
        self.broken.load(Relaxed)
    }

    pub(super) async fn marked(&self) {
        self.marks.notified().await;
    }
}

/// A stream of the blob's bytes that leaves out the first `skip`.
pub(super) struct Outgoing {
    inner: ByteStream,
    skip: u64,
    until_mark: u64,
    progress: Arc<Progress>,
}

impl Outgoing {
    pub(super) fn new(inner: ByteStream, skip: u64, progress: Arc<Progress>) -> Self {
        Self {
            inner,
            skip,
            until_mark: MARK,
            progress,
        }
    }

    /// Takes note of `piece`; `None` when nothing of it is to be sent.
    fn pass(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let cut = piece
            .len()
            .min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.skip -= cut as u64;
        piece.advance(cut);
        if piece.is_empty() {
            return None;
        }
        let length = piece.len() as u64;
        self.progress.add(length);
        if length >= self.until_mark {
            self.until_mark = MARK;
            self.progress.marks.notify_one();
        } else {
            self.until_mark -= length;
        }
        Some(piece)
    }
}

impl Stream for Outgoing {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.inner.as_mut().poll_next(cx)) {
                Some(Ok(piece)) => {
                    if let Some(piece) = self.pass(piece) {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Some(Err(error)) => {
                    self.progress.broken.store(true, Relaxed);
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
