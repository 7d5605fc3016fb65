//! Every host that the client speaks to, each made when it is first needed.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use transship_oci::Result;

use super::{
    Host,
    wire::{Material, Wires},
};
use crate::{authority, context::Context};

/// All hosts of a client.
pub(crate) struct Hosts {
    context: Arc<Context>,
    wires: Arc<Wires>,
    known: Mutex<HashMap<(String, bool), Arc<Host>>>,
}

impl Hosts {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let material = Material {
            proxies: context.proxies.clone(),
            user_agent: context.user_agent.clone(),
            max_connections: context.max_connections,
        };
        Self {
            wires: Arc::new(Wires::new(material, context.hosts.clone())),
            context,
            known: Mutex::default(),
        }
    }

    /// The host that serves `registry`, named as in a reference.
    ///
    /// # Errors
    /// `Invalid` when it is no host.
    pub(crate) fn get(self: &Arc<Self>, registry: &str) -> Result<Arc<Host>> {
        self.find(registry, self.context.hosts.is_plain(registry))
    }

    /// The same, in plain http or not.
    pub(super) fn find(self: &Arc<Self>, registry: &str, plain: bool) -> Result<Arc<Host>> {
        let mut hosts = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (registry.to_owned(), plain);
        if let Some(host) = hosts.get(&key) {
            return Ok(Arc::clone(host));
        }
        let base = authority::base(registry, plain)?;
        let host = Arc::new(Host::new(registry, base, &self.context, self));
        hosts.insert(key, Arc::clone(&host));
        Ok(host)
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn wires(&self) -> &Arc<Wires> {
        &self.wires
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(known.values()).finish()
    }
}
