//! TLS for the server, by rustls over aws-lc-rs.

use std::{fmt, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use transship_oci::{Error, ErrorKind, Result, Side};

/// A certificate and its key, ready to serve.
#[derive(Clone)]
pub struct Tls {
    pub(crate) config: Arc<ServerConfig>,
}

impl Tls {
    /// Takes a certificate chain, the server's own first, and its private key, both as PEM.
    ///
    /// # Errors
    /// `Invalid` when there is no certificate or no key in the text, or when they do not fit each other.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|cause| invalid("the certificate cannot be read").because(cause))?;
        if chain.is_empty() {
            return Err(invalid("there is no certificate in the certificate file"));
        }
        // The cause is left out: it could quote the key.
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| invalid("there is no private key in the key file"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|cause| invalid("certificate and key do not fit each other").because(cause))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message).on(Side::Local)
}
