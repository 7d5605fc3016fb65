//! One registry host: its address, and the layers that a call passes.

use std::sync::Arc;

use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{Answer, Body, Call, HostBudget};
use crate::{capabilities::Capabilities, context::Context};

/// A registry as the rest of the crate speaks to it.
#[derive(Debug)]
pub(crate) struct Host {
    name: String,
    base: Url,
    http: reqwest::Client,
    budget: Arc<HostBudget>,
    learned: Capabilities,
}

impl Host {
    pub(crate) fn new(registry: &str, context: &Context) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| Error::new(ErrorKind::Internal, "HTTP client").because(e))?;
        let base = Url::parse(&format!("http://{registry}"))
            .map_err(|e| Error::new(ErrorKind::Invalid, "registry host").because(e))?;
        Ok(Self {
            name: registry.to_owned(),
            base,
            http,
            budget: Arc::new(HostBudget::new(registry, context.max_connections)),
            learned: Capabilities::default(),
        })
    }

    /// The registry's name as in a reference: `docker.io`, not the host that serves it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An absolute URL here. `path` starts with a slash and may carry a query, encoded already.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// The room that blob transfers take before they start.
    pub(crate) fn budget(&self) -> Arc<HostBudget> {
        Arc::clone(&self.budget)
    }

    /// What the content half has learnt of it.
    pub(crate) fn learned(&self) -> &Capabilities {
        &self.learned
    }

    /// Sends `call` through all layers.
    ///
    /// `Ok` is any answer that no layer deals with: 2xx, and also 404, 405, 409, 416 and their kin; the caller judges.
    /// A call with [`Body::Stream`] comes back with *every* status, 401, 429 and 5xx too: a hold that the host asked
    /// for is registered by then, a token that it refused is forgotten, and the caller, who can open the blob again at
    /// an offset, goes on from there. Waiting for the hold is then the next call's business, not the caller's.
    ///
    /// # Errors
    /// `Unavailable` when no answer could be had, `RateLimited` when the host wants more patience than we have,
    /// `Unauthorized` or `Denied` when no credential was good enough. An error that the stream of a body itself
    /// yields is returned as it is.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer> {
        let op = call.op.clone();
        let mut request = self
            .http
            .request(call.method, call.url)
            .headers(call.headers);
        request = match call.body {
            Body::Empty => request,
            Body::Bytes(bytes) => request.body(bytes),
            Body::Stream { stream, .. } => request.body(reqwest::Body::wrap_stream(stream)),
        };
        let response = request.send().await.map_err(|e| {
            Error::new(ErrorKind::Unavailable, "no answer")
                .because(e.without_url())
                .op(op.clone())
                .on(call.side)
        })?;
        Ok(Answer::new(response, op, call.side, self.name.clone()))
    }
}
