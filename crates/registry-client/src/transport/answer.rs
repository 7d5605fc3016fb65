//! An answer: status, headers, and a body that is read at most once, with a cap or as a stream.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode};
use transship_oci::{ByteStream, Error, ErrorKind, Result, Side};
use url::Url;

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Answer {
    response: reqwest::Response,
    op: String,
    side: Side,
    at: String,
}

impl Answer {
    pub(super) fn new(response: reqwest::Response, op: String, side: Side, at: String) -> Self {
        Self {
            response,
            op,
            side,
            at,
        }
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The header `name`, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// Where the answer came from in the end, after redirects: what a relative `Location` or `Link` is relative to.
    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The whole body, of at most `cap` bytes.
    ///
    /// # Errors
    /// `Corrupt` when there is more, `Unavailable` when it breaks off.
    pub(crate) async fn bytes(self, cap: u64) -> Result<Bytes> {
        let blank = self.blank(ErrorKind::Corrupt, format!("an answer of over {cap} bytes"));
        if self.response.content_length().is_some_and(|n| n > cap) {
            return Err(blank);
        }
        let mut stream = self.stream();
        let mut all = BytesMut::new();
        while let Some(piece) = stream.next().await.transpose()? {
            if (all.len() + piece.len()) as u64 > cap {
                return Err(blank);
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// The body as it comes. What it breaks off with is `Unavailable`.
    pub(crate) fn stream(self) -> ByteStream {
        let (op, side, at) = (self.op, self.side, self.at);
        self.response
            .bytes_stream()
            .map(move |piece| {
                piece.map_err(|e| {
                    Error::new(ErrorKind::Unavailable, "the answer broke off")
                        .because(e.without_url())
                        .op(op.clone())
                        .on(side)
                        .at(&at)
                })
            })
            .boxed()
    }

    /// The answer as an error: kind from the status and from the registry's own code, message from both.
    /// For an answer that the caller has no other use for; a 2xx becomes `Corrupt`, an answer that makes no sense.
    pub(crate) async fn into_error(self) -> Error {
        let kind = match self.status().as_u16() {
            404 => ErrorKind::NotFound,
            _ => ErrorKind::Unsupported,
        };
        self.blank(kind, format!("the registry answered {}", self.status()))
    }

    fn blank(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message)
            .op(self.op.clone())
            .on(self.side)
            .at(&self.at)
    }
}
