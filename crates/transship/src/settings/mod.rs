//! Settings: one YAML file, then the environment, then flags; each says only what it wants to change.

mod env;
mod file;
mod store;

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use transship_oci::Result;

use crate::{
    args::{Global, Span},
    environment::Environment,
};

pub(crate) use self::store::{StoreEntry, secret};

/// What may be set. The same keys stand in the file (`max-wait: 5m`) and in the environment (`TRANSSHIP__MAX_WAIT=5m`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Where credentials are kept, instead of the usual docker and containers files.
    pub(crate) authfile: Option<PathBuf>,
    /// Certificates (PEM) to trust for every registry and store, beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Registries that speak plain http.
    pub(crate) plain_http: Option<Vec<String>>,
    /// The longest that a registry may make us wait for one request.
    pub(crate) max_wait: Option<Span>,
    /// How many artifacts to work on at once.
    pub(crate) jobs: Option<u16>,
    /// The most connections to one registry.
    pub(crate) connections: Option<u16>,
    /// Mirrors for reading: a `registries.conf` (version 2).
    pub(crate) registries_conf: Option<PathBuf>,
    /// Registries that need something of their own, by host and port.
    pub(crate) hosts: Option<BTreeMap<String, HostEntry>>,
    /// Stores that need something of their own, by the beginning of their address, such as `az://account/container`.
    pub(crate) stores: Option<BTreeMap<String, StoreEntry>>,
}

/// What one registry needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct HostEntry {
    /// Certificates (PEM) to trust for it.
    pub(crate) ca_file: Option<PathBuf>,
    /// Our certificate (PEM), where it wants one.
    pub(crate) client_cert: Option<PathBuf>,
    /// Our certificate's key (PEM).
    pub(crate) client_key: Option<PathBuf>,
}

impl Settings {
    /// File, environment and flags, the later over the earlier.
    ///
    /// # Errors
    /// `Invalid` when the file cannot be read or a key or value is not one.
    pub(crate) fn gather(global: &Global, environment: &Environment) -> Result<Self> {
        let file = match &global.config {
            Some(path) => file::read(path)?,
            None => Self::default(),
        };
        Ok(file
            .under(env::read(environment)?)
            .under(Self::from_flags(global)))
    }

    fn from_flags(global: &Global) -> Self {
        let plain_http = (!global.plain_http.is_empty()).then(|| global.plain_http.clone());
        Self {
            authfile: global.authfile.clone(),
            ca_file: global.ca_file.clone(),
            plain_http,
            max_wait: global.max_wait,
            jobs: global.jobs,
            connections: global.connections,
            registries_conf: None,
            hosts: None,
            stores: None,
        }
    }

    /// `self`, with everything that `over` says put over it. Hosts and stores are put over one another key by key.
    fn under(self, over: Self) -> Self {
        Self {
            authfile: over.authfile.or(self.authfile),
            ca_file: over.ca_file.or(self.ca_file),
            plain_http: over.plain_http.or(self.plain_http),
            max_wait: over.max_wait.or(self.max_wait),
            jobs: over.jobs.or(self.jobs),
            connections: over.connections.or(self.connections),
            registries_conf: over.registries_conf.or(self.registries_conf),
            hosts: put_over(self.hosts, over.hosts),
            stores: put_over(self.stores, over.stores),
        }
    }
}

fn put_over<T>(
    below: Option<BTreeMap<String, T>>,
    above: Option<BTreeMap<String, T>>,
) -> Option<BTreeMap<String, T>> {
    match (below, above) {
        (Some(mut below), Some(above)) => {
            below.extend(above);
            Some(below)
        }
        (below, above) => above.or(below),
    }
}

#[cfg(test)]
mod tests;
