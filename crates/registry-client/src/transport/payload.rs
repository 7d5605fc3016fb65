//! What a call sends, in the form that the layers can send again, or know that they cannot.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use transship_oci::{ByteStream, Error, ErrorKind};

use super::Body;

/// A body and what became of it.
#[derive(Debug)]
pub(super) enum Payload {
    Empty,
    Bytes(Bytes),
    Stream(Arc<Tap>),
}

/// A stream that is opened by the first who polls it. Until then nothing of it is lost, and it may be sent "again".
pub(super) struct Tap {
    stream: Mutex<Option<ByteStream>>,
    length: u64,
    sent: AtomicU64,
    failure: Mutex<Option<Error>>,
}

impl From<Body> for Payload {
    fn from(body: Body) -> Self {
        match body {
            Body::Empty => Self::Empty,
            Body::Bytes(bytes) => Self::Bytes(bytes),
            Body::Stream { stream, length } => Self::Stream(Arc::new(Tap {
                stream: Mutex::new(Some(stream)),
                length,
                sent: AtomicU64::new(0),
                failure: Mutex::default(),
            })),
        }
    }
}

impl Payload {
    /// Can it be sent (again)? A stream whose first byte was asked for cannot.
    pub(super) fn whole(&self) -> bool {
        match self {
            Self::Empty | Self::Bytes(_) => true,
            Self::Stream(tap) => lock(&tap.stream).is_some(),
        }
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(tap) => tap.length,
        }
    }

    /// How much of a stream has been handed to the wire.
    pub(super) fn sent(&self) -> u64 {
        match self {
            Self::Stream(tap) => tap.sent.load(Ordering::Relaxed),
            _ => 0,
        }
    }

    /// What the stream itself broke off with: that is not the wire's fault.
    pub(super) fn failure(&self) -> Option<Error> {
        match self {
            Self::Stream(tap) => lock(&tap.failure).take(),
            _ => None,
        }
    }

    /// The body for one request. Of a stream, only the first body that is polled has the bytes.
    pub(super) fn body(&self) -> Option<reqwest::Body> {
        match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(bytes.clone().into()),
            Self::Stream(tap) => Some(reqwest::Body::wrap(Pouring {
                tap: Arc::clone(tap),
                stream: Mutex::new(None),
                left: tap.length,
            })),
        }
    }
}

impl Tap {
    /// Takes the stream: from here on it cannot be sent again.
    pub(super) fn begin(&self) -> Option<ByteStream> {
        lock(&self.stream).take()
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Tap({} of {})",
            self.sent.load(Ordering::Relaxed),
            self.length
        )
    }
}

/// The stream on its way out, with the exact length that the server is told.
struct Pouring {
    tap: Arc<Tap>,
    /// Never locked, only reached through `get_mut`: it makes the body `Sync`, which the client's type asks for.
    stream: Mutex<Option<ByteStream>>,
    left: u64,
}

impl Pouring {
    fn fail(&self, error: Error) -> Error {
        let told = error.share();
        *lock(&self.tap.failure) = Some(error);
        told
    }
}

impl http_body::Body for Pouring {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let stream = this
            .stream
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if stream.is_none() {
            *stream = this.tap.begin();
        }
        let Some(stream) = stream else {
            let error = Error::new(ErrorKind::Internal, "a body that was sent before");
            return Poll::Ready(Some(Err(error)));
        };
        let piece = match ready!(stream.as_mut().poll_next(context)) {
            Some(Ok(piece)) => piece,
            Some(Err(error)) => return Poll::Ready(Some(Err(this.fail(error)))),
            None if this.left == 0 => return Poll::Ready(None),
            None => {
                let message = format!("the content ended {} bytes too early", this.left);
                return Poll::Ready(Some(Err(
                    this.fail(Error::new(ErrorKind::Unavailable, message))
                )));
            }
        };
        let length = piece.len() as u64;
        let Some(left) = this.left.checked_sub(length) else {
            let message = format!("the content is longer than {} bytes", this.tap.length);
            return Poll::Ready(Some(
                Err(this.fail(Error::new(ErrorKind::Corrupt, message))),
            ));
        };
        this.left = left;
        this.tap.sent.fetch_add(length, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
