//! What the user says of single hosts.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{Environment, address, tls::TlsMaterial};

/// Settings by host. Hosts are named as in references: `registry.example`, `host:5000`.
#[derive(Debug, Clone, Default)]
pub struct HostSettings {
    /// Hosts that are spoken to in plain http. There is no way to speak https without checking certificates.
    pub plain_http: BTreeSet<String>,
    /// Certificate authorities (PEM) to trust for every host, beyond the machine's own. They do not make a host of this
    /// very machine one that is spoken to in TLS.
    pub authorities: Vec<Vec<u8>>,
    /// Certificates beyond the machine's own, by host.
    pub tls: BTreeMap<String, TlsMaterial>,
    /// Folders that hold a folder `HOST[:PORT]` with `*.crt`, `*.cert` and `*.key` for each host, as Docker and
    /// Podman know them. Later ones add to earlier ones.
    pub certs_dirs: Vec<PathBuf>,
}

impl HostSettings {
    /// The settings of a machine where nobody said anything: the usual `certs.d` folders.
    pub fn of_machine(environment: &Environment) -> Self {
        let user = environment
            .config_home()
            .map(|config| config.join("containers/certs.d"));
        Self {
            certs_dirs: ["/etc/docker/certs.d", "/etc/containers/certs.d"]
                .map(PathBuf::from)
                .into_iter()
                .chain(user)
                .collect(),
            ..Self::default()
        }
    }

    /// The folders with certificates for `host`, those that exist.
    pub(crate) fn certs_dirs_of(&self, host: &str) -> Vec<PathBuf> {
        // The name becomes a path: nothing that leads elsewhere may be in it.
        if host.contains(['/', '\\']) || host.starts_with('.') {
            return Vec::new();
        }
        self.certs_dirs
            .iter()
            .map(|folder| folder.join(host))
            .filter(|folder| folder.is_dir())
            .collect()
    }

    /// Is anything said of this host? Such a host is one that the user means to reach.
    pub(crate) fn knows(&self, host: &str) -> bool {
        self.plain_http.contains(host) || self.secures(host)
    }

    /// Is `host` spoken to in plain http? Only when the user says so by name, or when it is this very machine and
    /// nobody gave a certificate for it.
    pub fn is_plain(&self, host: &str) -> bool {
        self.plain_http.contains(host) || (address::is_loopback_host(host) && !self.secures(host))
    }

    fn secures(&self, host: &str) -> bool {
        self.tls.contains_key(host) || !self.certs_dirs_of(host).is_empty()
    }
}
