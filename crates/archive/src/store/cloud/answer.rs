//! An answer: status, headers, and a body that is read at most once, with a cap or as a stream.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;
use transship_oci::{ByteStream, Error, ErrorKind, Result};

use super::Fault;

/// How long the next piece of a body may take.
const PIECE: Duration = Duration::from_mins(1);
/// How much of a refusal is read. What a store has to say is short.
const MAX_FAULT: u64 = 64 * 1024;

/// What a store answered.
#[derive(Debug)]
pub(in crate::store) struct Answer {
    response: reqwest::Response,
    op: String,
    location: String,
    attempt: u32,
}

impl Answer {
    pub(super) fn new(response: reqwest::Response, op: &str, location: &str, attempt: u32) -> Self {
        Self {
            response,
            op: op.to_owned(),
            location: location.to_owned(),
            attempt,
        }
    }

    pub(in crate::store) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(in crate::store) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The header `name`, if it is there and is text.
    pub(in crate::store) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Was it sent more than once? Then the answer may be about what an earlier attempt did.
    pub(in crate::store) fn repeated(&self) -> bool {
        self.attempt > 1
    }

    /// The body as it comes.
    pub(in crate::store) fn stream(self) -> ByteStream {
        let (op, location) = (self.op, self.location);
        let broken = move || {
            Error::new(
                ErrorKind::Unavailable,
                "the store broke off in the middle of its answer",
            )
            .op(op.clone())
            .at(&location)
        };
        let pieces = Box::pin(self.response.bytes_stream());
        let state = Some((pieces, broken));
        stream::unfold(state, |state| async {
            let (mut pieces, broken) = state?;
            match timeout(PIECE, pieces.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(piece))) => Some((Ok(piece), Some((pieces, broken)))),
                Ok(Some(Err(cause))) => Some((Err(broken().because(cause.without_url())), None)),
                Err(_) => Some((Err(broken()), None)),
            }
        })
        .boxed()
    }

    /// The whole body, of at most `cap` bytes.
    ///
    /// # Errors
    /// `Corrupt` when there is more.
    pub(in crate::store) async fn bytes(self, cap: u64) -> Result<Bytes> {
        let over = Error::new(
            ErrorKind::Corrupt,
            format!("the answer is longer than the {cap} bytes allowed"),
        )
        .op(self.op.clone())
        .at(&self.location);
        let mut all = BytesMut::new();
        let mut pieces = self.stream();
        while let Some(piece) = pieces.try_next().await? {
            if (all.len() + piece.len()) as u64 > cap {
                return Err(over);
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// The answer as a refusal.
    pub(in crate::store) async fn fault(self) -> Fault {
        let (status, headers) = (self.status(), self.headers().clone());
        let body = self.bytes(MAX_FAULT).await.unwrap_or_default();
        Fault::read(status, headers, &body)
    }
}
