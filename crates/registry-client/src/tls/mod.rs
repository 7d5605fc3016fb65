//! Whom we trust at a host, and how we show who we are there.

mod certs_d;
mod config;

use std::fmt;

use secrecy::SecretSlice;

pub(crate) use self::{
    certs_d::read as read_certs_d,
    config::{client_config, no_config},
};

/// Certificates for one host, beyond what the machine trusts anyway.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// Certificate authorities, PEM; several in one text or one each.
    pub authorities: Vec<Vec<u8>>,
    /// What we show the host when it asks.
    pub client: Option<ClientCertificate>,
}

/// A certificate that says who we are, and its key.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The certificate and its chain, PEM.
    pub chain: Vec<u8>,
    /// The private key, PEM.
    pub key: SecretSlice<u8>,
}

impl TlsMaterial {
    /// Is there anything in it?
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty() && self.client.is_none()
    }

    /// Adds what `other` has; its client certificate wins.
    pub(crate) fn add(&mut self, other: Self) {
        self.authorities.extend(other.authorities);
        if other.client.is_some() {
            self.client = other.client;
        }
    }
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("authorities", &self.authorities.len())
            .field("client", &self.client.is_some())
            .finish()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}
