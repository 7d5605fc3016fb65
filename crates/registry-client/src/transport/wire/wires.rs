//! Which wire leads to which host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use transship_oci::Result;
use url::Url;

use super::{Material, Wire};
use crate::{
    HostSettings, address, authority,
    tls::{TlsMaterial, client_config, no_config, read_certs_d},
};

/// All wires of a client. Hosts with certificates of their own have a wire of their own, the others share two.
#[derive(Debug)]
pub(in crate::transport) struct Wires {
    material: Material,
    settings: HostSettings,
    known: Mutex<HashMap<Key, Arc<Wire>>>,
    public: Mutex<HashMap<String, bool>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Hosts in plain http: no certificate store is ever read for them.
    Plain,
    /// Hosts that the machine's own authorities vouch for.
    Common,
    /// A host with certificates of its own.
    Host(String),
}

impl Wires {
    pub(in crate::transport) fn new(material: Material, settings: HostSettings) -> Self {
        Self {
            material,
            settings,
            known: Mutex::default(),
            public: Mutex::default(),
        }
    }

    /// The settings by host.
    pub(in crate::transport) fn settings(&self) -> &HostSettings {
        &self.settings
    }

    /// The wire to the host of `url`.
    ///
    /// # Errors
    /// `Invalid` when the host's certificates cannot be used.
    pub(in crate::transport) fn to(&self, url: &Url) -> Result<Arc<Wire>> {
        let host = authority::of(url);
        let mut own = TlsMaterial::default();
        let key = if url.scheme() == "http" {
            Key::Plain
        } else if self.is_known(&host) {
            Key::Host(host.clone())
        } else {
            own = self.certificates(&host)?;
            if own.is_empty() {
                Key::Common
            } else {
                Key::Host(host.clone())
            }
        };
        let mut wires = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wire) = wires.get(&key) {
            return Ok(Arc::clone(wire));
        }
        let tls = match key {
            Key::Plain => no_config(),
            _ => client_config(&own),
        };
        let wire = tls
            .and_then(|tls| Wire::new(&self.material, &tls))
            .map(Arc::new)
            .map_err(|error| error.at(host))?;
        wires.insert(key, Arc::clone(&wire));
        Ok(wire)
    }

    /// Is the host of `url` out in the open? A name that cannot be looked up here (a proxy does it) is taken to be.
    pub(in crate::transport) async fn is_public(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(address) = address::literal(&host) {
            return !address::is_private(address);
        }
        if address::is_loopback_host(&host) {
            return false;
        }
        let known = self.lock_public().get(&host).copied();
        if let Some(public) = known {
            return public;
        }
        let public = match tokio::net::lookup_host((host.as_str(), 0)).await {
            Ok(mut found) => !found.any(|socket| address::is_private(socket.ip())),
            Err(_) => true,
        };
        self.lock_public().insert(host, public);
        public
    }

    fn is_known(&self, host: &str) -> bool {
        let wires = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        wires.contains_key(&Key::Host(host.to_owned()))
    }

    /// What the user said of the host, and what lies in `certs.d`.
    fn certificates(&self, host: &str) -> Result<TlsMaterial> {
        let mut all = TlsMaterial {
            authorities: self.settings.authorities.clone(),
            client: None,
        };
        for folder in self.settings.certs_dirs_of(host) {
            all.add(read_certs_d(&folder)?);
        }
        all.add(self.settings.tls.get(host).cloned().unwrap_or_default());
        Ok(all)
    }

    fn lock_public(&self) -> std::sync::MutexGuard<'_, HashMap<String, bool>> {
        self.public.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
