//! An answer: status, headers, and a body that is read at most once, with a cap or as a stream.

mod problem;
mod reading;

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use transship_oci::{ByteStream, Error, ErrorKind, Result};
use url::Url;

pub(super) use self::problem::Problem;
use self::reading::Reading;
use super::exchange::Label;

/// How much of an error's body is read. What a registry has to say is short.
const MAX_PROBLEM: u64 = 64 * 1024;

/// What a host answered.
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    url: Url,
    body: Contents,
    label: Arc<Label>,
    who: Option<Arc<str>>,
}

enum Contents {
    Wire(reqwest::Body),
    Memory(Bytes),
}

impl Answer {
    pub(super) fn new(response: reqwest::Response, label: Arc<Label>) -> Self {
        let url = response.url().clone();
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            url,
            body: Contents::Wire(body),
            label,
            who: None,
        }
    }

    /// Remembers as whom it was asked, for errors.
    pub(super) fn asked_as(mut self, who: Option<Arc<str>>) -> Self {
        self.who = who;
        self
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The header `name`, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where the answer came from in the end, after redirects: what a relative `Location` or `Link` is relative to.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// As whom the registry was asked, such as `alice from ~/.docker/config.json`; `None` where it did not
    /// want to know.
    pub(crate) fn who(&self) -> Option<&str> {
        self.who.as_deref()
    }

    /// The whole body, of at most `cap` bytes.
    ///
    /// # Errors
    /// `Corrupt` when there is more, `Unavailable` when it breaks off.
    pub(crate) async fn bytes(mut self, cap: u64) -> Result<Bytes> {
        self.load(cap).await
    }

    /// The body as it comes. What it breaks off with is `Unavailable`.
    pub(crate) fn stream(self) -> ByteStream {
        match self.body {
            Contents::Wire(body) => Box::pin(Reading::new(body, self.label)),
            Contents::Memory(bytes) => stream::iter([Ok(bytes)]).boxed(),
        }
    }

    /// The answer as an error: kind from the status and from the registry's own code, message from both.
    /// For an answer that the caller has no other use for.
    pub(crate) async fn into_error(mut self) -> Error {
        let problem = self.problem().await;
        let error = self.label.error(problem.kind(), problem.message());
        match (&self.who, problem.kind()) {
            (Some(who), ErrorKind::Unauthorized | ErrorKind::Denied | ErrorKind::NotFound) => {
                let message = format!("{}; asked as {who}", error.message());
                self.label.error(problem.kind(), message)
            }
            _ => error,
        }
    }

    /// What the body says went wrong. The body can be read again afterwards.
    pub(super) async fn problem(&mut self) -> Problem {
        let body = self.load(MAX_PROBLEM).await.unwrap_or_default();
        Problem::new(self.status, &body)
    }

    /// How the call is named.
    pub(super) fn label(&self) -> &Arc<Label> {
        &self.label
    }

    /// Reads the body into memory.
    async fn load(&mut self, cap: u64) -> Result<Bytes> {
        let body = std::mem::replace(&mut self.body, Contents::Memory(Bytes::new()));
        let bytes = match body {
            Contents::Memory(bytes) => bytes,
            Contents::Wire(body) => {
                let promised = self.promised();
                let reading = Reading::new(body, Arc::clone(&self.label));
                collect(reading, promised, cap).await?
            }
        };
        if bytes.len() as u64 > cap {
            return Err(self.label.error(ErrorKind::Corrupt, over(cap)));
        }
        self.body = Contents::Memory(bytes.clone());
        Ok(bytes)
    }

    /// The `Content-Length`, if there is one.
    fn promised(&self) -> Option<u64> {
        self.headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok())
    }
}

async fn collect(mut reading: Reading, promised: Option<u64>, cap: u64) -> Result<Bytes> {
    if promised.is_some_and(|length| length > cap) {
        return Err(reading.label().error(ErrorKind::Corrupt, over(cap)));
    }
    let mut all = BytesMut::new();
    while let Some(piece) = reading.next().await.transpose()? {
        if (all.len() + piece.len()) as u64 > cap {
            return Err(reading.label().error(ErrorKind::Corrupt, over(cap)));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

fn over(cap: u64) -> String {
    format!("the answer is longer than the {cap} bytes allowed")
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} to {})", self.status, self.label.op)
    }
}
