//! A call as the layers hand it down: everything needed to send it, as often as it takes.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method};
use transship_oci::{Error, ErrorKind, Result, SafeUrl, Side};
use url::Url;

use super::{Answer, Room, payload::Payload};

/// How the call is named in errors.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// What is being done.
    pub(super) op: String,
    /// On which side.
    pub(super) side: Side,
    /// Where, as it may be shown.
    pub(super) at: String,
}

impl Label {
    /// An error that says what, where and on which side.
    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.name(Error::new(kind, message))
    }

    /// `error`, with what it does not say yet.
    pub(super) fn name(&self, error: Error) -> Error {
        error.op(&self.op).on(self.side).at(&self.at)
    }
}

/// One call on its way.
pub(super) struct Exchange {
    pub(super) label: Arc<Label>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    pub(super) room: Room,
    /// Set by the auth layer; goes to the URL's own origin only.
    pub(super) authorization: Option<HeaderValue>,
    /// Must the host have a public address? See [`super::passage`].
    pub(super) guarded: bool,
}

impl Exchange {
    /// May it be sent a second time?
    pub(super) fn repeatable(&self) -> bool {
        self.payload.whole()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({} {})", self.method, SafeUrl(self.url.clone()))
    }
}

/// A layer: takes a call further in, and brings the answer out.
pub(super) trait Carry: std::fmt::Debug + Send + Sync {
    /// Carries `exchange` once.
    fn carry<'a>(&'a self, exchange: &'a Exchange) -> BoxFuture<'a, Result<Answer>>;
}
