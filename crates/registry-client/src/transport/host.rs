//! One registry host: its address, and the layers that a call passes.

use std::{
    fmt,
    sync::{Arc, Weak, atomic::AtomicBool},
};

use transship_oci::Result;
use url::Url;

use super::{
    Answer, Call, HostBudget,
    auth::Auth,
    exchange::{Exchange, Label},
    hosts::Hosts,
    payload::Payload,
    remarks::Remarks,
    retry::{Limits, Retry},
};
use crate::{
    authority, capabilities::Capabilities, context::Context, transport::redirect::Redirect,
};

/// A registry as the rest of the crate speaks to it.
pub(crate) struct Host {
    name: String,
    base: Url,
    budget: Arc<HostBudget>,
    auth: Auth,
    remarks: Remarks,
    learned: Capabilities,
    pub(super) hosts: Weak<Hosts>,
}

impl Host {
    pub(super) fn new(registry: &str, base: Url, context: &Context, hosts: &Arc<Hosts>) -> Self {
        let observer = Arc::clone(&context.observer);
        let budget = Arc::new(HostBudget::new(
            registry,
            context.max_connections,
            context.max_wait,
            Arc::clone(&observer),
        ));
        let wires = hosts.wires();
        let retry = Arc::new(Retry {
            inner: Arc::new(Redirect::new(Arc::clone(wires))),
            budget: Arc::clone(&budget),
            clock: Arc::clone(&context.clock),
            observer: Arc::clone(&observer),
            host: registry.to_owned(),
            limits: Limits {
                max_wait: context.max_wait,
                max_attempts: context.max_attempts,
            },
            met: AtomicBool::default(),
        });
        let credentials = Arc::clone(&context.credentials);
        Self {
            auth: Auth::new(
                registry,
                base.clone(),
                credentials,
                Arc::clone(wires),
                retry,
            ),
            name: registry.to_owned(),
            base,
            budget,
            remarks: Remarks::new(registry, observer),
            learned: Capabilities::default(),
            hosts: Arc::downgrade(hosts),
        }
    }

    /// The registry's name as in a reference: `docker.io`, not the host that serves it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The URL that all paths here are under.
    pub(super) fn base(&self) -> &Url {
        &self.base
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

    /// What the host has shown that it can do.
    pub(crate) fn learned(&self) -> &Capabilities {
        &self.learned
    }

    /// Sends `call` through all layers.
    ///
    /// `Ok` is any answer that no layer deals with: 2xx, and also 404, 405, 409, 416 and their kin; the caller judges.
    /// A call with [`super::Body::Stream`] comes back with *every* status, 401, 429 and 5xx too: a hold that the host
    /// asked for is registered by then, a token that it refused is forgotten, and the caller, who can open the blob
    /// again at an offset, goes on from there. Waiting for the hold is then the next call's business, not the caller's.
    ///
    /// # Errors
    /// `Unavailable` when no answer could be had, `RateLimited` when the host wants more patience than we have,
    /// `Unauthorized` or `Denied` when no credential was good enough. An error that the stream of a body itself
    /// yields is returned as it is.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer> {
        match self.detours(&call)? {
            None => self.send_here(call).await,
            Some(places) => places.send(call).await,
        }
    }

    /// Sends `call` without a look at mirrors.
    pub(super) async fn send_here(&self, call: Call) -> Result<Answer> {
        let place = call.scopes.first().map(|scope| scope.repository.as_str());
        let at = place.map_or_else(|| self.name.clone(), |path| format!("{}/{path}", self.name));
        let mut url = call.url;
        self.straighten(&mut url);
        let exchange = Exchange {
            label: Arc::new(Label {
                op: call.op,
                side: call.side,
                at,
            }),
            method: call.method,
            url,
            headers: call.headers,
            payload: Payload::from(call.body),
            room: call.room,
            authorization: None,
            guarded: false,
        };
        let answer = Box::pin(self.auth.send(exchange, &call.scopes)).await?;
        self.remarks.hear(answer.headers());
        Ok(answer)
    }

    /// A registry behind a proxy that ends TLS may believe itself to be at `http://` and send us there: for its own
    /// host we know better.
    fn straighten(&self, url: &mut Url) {
        let port = self.base.port();
        let ours =
            url.host_str() == self.base.host_str() && (url.port().is_none() || url.port() == port);
        if url.scheme() == "http" && self.base.scheme() == "https" && ours {
            // Both are web schemes of a URL with a host: neither can fail.
            let _ = url.set_scheme("https");
            let _ = url.set_port(port);
        }
    }

    /// Is `url` at this host?
    pub(super) fn owns(&self, url: &Url) -> bool {
        authority::same(url, &self.base)
    }
}

impl fmt::Debug for Host {
    /// The name alone: what is below knows tokens and signed URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.name)
    }
}
