//! Many PATCH requests, each with its range: for what stands between us and the registry and limits the size of a body.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::Stream;
use http::{Method, header};
use transship_oci::Result;

use super::{
    Session,
    body::Outgoing,
    stream_patch::content_range,
    upload::{Failure, Upload},
};
use crate::transport::Body;

/// The first choice for a chunk's length.
pub(super) const CHUNK: u64 = 16 * 1024 * 1024;
/// No chunk is made shorter than this, the usual limit of a front end that limits at all.
pub(super) const LEAST_CHUNK: u64 = 1024 * 1024;

impl Upload<'_> {
    /// Sends everything from `from` on in chunks.
    pub(super) async fn chunked(
        &mut self,
        session: &mut Session,
        mut from: u64,
    ) -> Result<(), Failure> {
        let size = self.node().size;
        let source = Splitter::new(self.read_from(from).await?);
        while from < size {
            let length = self.chunk_length(session).min(size - from);
            let mut call = self.call("send", Method::PATCH, session.url());
            Self::as_bytes(&mut call);
            call.headers
                .insert(header::CONTENT_RANGE, content_range(from, length));
            call.body = Body::Stream {
                stream: Box::pin(source.next_chunk(length)),
                length,
            };
            let answer = self.send(session, call).await?;
            match answer.status().as_u16() {
                200..=204 => session.moved(&answer)?,
                413 if self.halve_chunk() => return Err(Failure::cut(answer).await),
                _ => return Err(Failure::of(answer).await),
            }
            from += length;
        }
        self.close(session).await
    }
}

/// A stream that is handed out piece by piece, as bodies of one request after the other.
#[derive(Clone)]
struct Splitter(Arc<Mutex<Split>>);

struct Split {
    source: Outgoing,
    /// What came with the last chunk and belongs to the next.
    rest: Bytes,
}

impl Splitter {
    fn new(source: Outgoing) -> Self {
        Self(Arc::new(Mutex::new(Split {
            source,
            rest: Bytes::new(),
        })))
    }

    fn next_chunk(&self, length: u64) -> Chunk {
        Chunk {
            of: self.clone(),
            left: length,
        }
    }
}

struct Chunk {
    of: Splitter,
    left: u64,
}

impl Stream for Chunk {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let of = self.of.clone();
        let mut split = of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if split.rest.is_empty() {
            match ready!(Pin::new(&mut split.source).poll_next(cx)) {
                Some(Ok(piece)) => split.rest = piece,
                end => return Poll::Ready(end),
            }
        }
        let take = split
            .rest
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= take as u64;
        Poll::Ready(Some(Ok(split.rest.split_to(take))))
    }
}
