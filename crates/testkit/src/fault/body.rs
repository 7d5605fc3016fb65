//! Bodies that are counted, changed, or broken off.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use http_body::{Body as _, Frame, SizeHint};

use super::Hold;

/// A body whose data passes through a function; its length stays what it was.
pub(crate) fn mapped(body: Body, map: impl FnMut(Bytes) -> Bytes + Send + 'static) -> Body {
    Body::new(Mapped {
        body,
        map: Box::new(map),
    })
}

struct Mapped {
    body: Body,
    map: Box<dyn FnMut(Bytes) -> Bytes + Send>,
}

impl http_body::Body for Mapped {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(&mut this.map))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body with one byte changed.
pub(crate) fn corrupted(body: Body, at: u64) -> Body {
    let mut passed = 0_u64;
    mapped(body, move |bytes| {
        let start = passed;
        passed += bytes.len() as u64;
        if !(start..passed).contains(&at) {
            return bytes;
        }
        let mut bytes = BytesMut::from(bytes);
        bytes[usize::try_from(at - start).expect("within one piece")] ^= 0x55;
        bytes.freeze()
    })
}

/// A body that breaks off after so many bytes, and takes the connection with it.
pub(crate) fn broken(body: Body, after: u64) -> Body {
    Body::new(Broken {
        hint: body.size_hint(),
        body,
        left: after,
        flushes: 4,
    })
}

struct Broken {
    body: Body,
    hint: SizeHint,
    left: u64,
    /// The server writes out what it has only when there is nothing more to be had at once.
    flushes: u8,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.left == 0 {
            if this.flushes > 0 {
                this.flushes -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let cut = io::Error::new(io::ErrorKind::ConnectionReset, super::Cut);
            return Poll::Ready(Some(Err(axum::Error::new(cut))));
        }
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        let left = &mut this.left;
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|mut bytes| {
                    bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= bytes.len() as u64;
                    bytes
                })
            })
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// A body without an end.
pub(crate) fn endless() -> Body {
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    Body::from_stream(stream::repeat(piece).map(Ok::<_, io::Error>))
}

/// The first bytes of a body, and what is left of it once they are read.
pub(crate) fn split(body: Body, after: u64) -> (Body, Rest) {
    let rest = Rest::default();
    let slot = rest.clone();
    let start = (body.into_data_stream(), after);
    let head = stream::unfold(Some(start), move |state| {
        let slot = slot.clone();
        async move {
            let (mut body, left) = state?;
            if left == 0 {
                slot.put(Body::from_stream(body));
                return None;
            }
            match body.next().await? {
                Ok(mut bytes) => {
                    let keep = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let head = bytes.split_to(keep);
                    let left = left - head.len() as u64;
                    Some((Ok(head), Some((body, left))))
                }
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    (Body::from_stream(head), rest)
}

/// A body whose bytes wait at a door once so many have passed.
pub(crate) fn stalled(body: Body, after: u64, hold: Hold) -> Body {
    let start = (body.into_data_stream(), hold, 0_u64);
    Body::from_stream(stream::unfold(
        start,
        move |(mut body, hold, passed)| async move {
            if passed >= after {
                hold.pass().await;
            }
            let piece = body.next().await?;
            let length = piece.as_ref().map_or(0, |bytes| bytes.len() as u64);
            Some((piece, (body, hold, passed + length)))
        },
    ))
}

/// What is left of a body after [`split`].
#[derive(Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Body>>>);

impl Rest {
    fn put(&self, body: Body) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(body);
    }

    /// Reads it to its end, so that the client has sent everything before it hears the answer.
    pub(crate) async fn drain(self) {
        let body = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(body) = body {
            drain(body).await;
        }
    }
}

/// Reads a body to its end and forgets it.
pub(crate) async fn drain(body: Body) {
    let mut body = body.into_data_stream();
    while let Some(Ok(_)) = body.next().await {}
}
