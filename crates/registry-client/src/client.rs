//! The client: every host that this process speaks to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use transship_oci::Result;

use crate::{context::Context, transport::Host};

/// Speaks to registries. A clone is the same client; a process has one.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    context: Arc<Context>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl Client {
    /// A client that lives in `context`.
    ///
    /// # Errors
    /// `Invalid` when the settings contradict themselves.
    pub fn new(context: Context) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            context: Arc::new(context),
            hosts: Mutex::default(),
        })))
    }

    /// What it was given.
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.0.context
    }

    /// The host that serves `registry`, named as in a reference (`docker.io`, `host:5000`).
    pub(crate) fn host(&self, registry: &str) -> Result<Arc<Host>> {
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(registry) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::new(registry, &self.0.context)?);
        hosts.insert(registry.to_owned(), Arc::clone(&host));
        Ok(host)
    }
}
