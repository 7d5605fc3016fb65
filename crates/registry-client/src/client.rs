//! The client: every host that this process speaks to.

use std::sync::Arc;

use http::{HeaderMap, Method};
use transship_oci::{Result, Side};

use crate::{
    context::Context,
    transport::{Body, Call, Host, Hosts, Quota, Room},
};

/// Speaks to registries. A clone is the same client; a process has one.
#[derive(Debug, Clone)]
pub struct Client {
    context: Arc<Context>,
    hosts: Arc<Hosts>,
}

/// What a registry said when it was asked whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// As whom it let us in, such as `user alice from ~/.docker/config.json`; `None` where it did not ask.
    pub who: Option<String>,
    /// Its `Date` header, for a look at the clocks.
    pub date: Option<std::time::SystemTime>,
}

impl Client {
    /// A client that lives in `context`.
    ///
    /// # Errors
    /// `Invalid` when the settings contradict themselves.
    pub fn new(context: Context) -> Result<Self> {
        // A proxy that is no URL is found out now, not in the middle of a copy.
        context.proxies.check()?;
        let context = Arc::new(context);
        Ok(Self {
            hosts: Arc::new(Hosts::new(Arc::clone(&context))),
            context,
        })
    }

    /// Asks `registry` whether it speaks the protocol and lets us in (distribution-spec, "Determining Support").
    ///
    /// # Errors
    /// `Unauthorized` when it does not know our credential, `NotFound` when it is no registry.
    pub async fn ping(&self, registry: &str) -> Result<Ping> {
        let host = self.host(registry)?;
        let call = Call {
            op: "ping".to_owned(),
            side: Side::Target,
            method: Method::GET,
            url: host.url("/v2/"),
            headers: HeaderMap::new(),
            body: Body::Empty,
            scopes: Vec::new(),
            room: Room::Own,
        };
        let answer = host.send(call).await?;
        if !answer.status().is_success() {
            return Err(answer.into_error().await);
        }
        Ok(Ping {
            who: answer.who().map(str::to_owned),
            date: answer.header("date").and_then(crate::transport::http_date),
        })
    }

    /// The pull quota that `registry` last told of, if it ever did.
    ///
    /// # Errors
    /// `Invalid` when it is no host.
    pub fn quota(&self, registry: &str) -> Result<Option<Quota>> {
        Ok(self.host(registry)?.budget().quota())
    }

    /// What it was given.
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The host that serves `registry`, named as in a reference (`docker.io`, `host:5000`).
    pub(crate) fn host(&self, registry: &str) -> Result<Arc<Host>> {
        self.hosts.get(registry)
    }
}
