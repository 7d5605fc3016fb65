//! TLS settings in the form that rustls wants.

use std::sync::Arc;

use rustls::{
    ClientConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret as _;
use transship_oci::{Error, ErrorKind, Result};

use super::{ClientCertificate, TlsMaterial};

/// The settings for a host: the machine's authorities and those of `material`, our certificate if there is one.
///
/// # Errors
/// `Invalid` when a certificate or key is not one, or when there is no authority at all.
pub(crate) fn client_config(material: &TlsMaterial) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier(material, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "no TLS version").because(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match &material.client {
        None => Ok(builder.with_no_client_auth()),
        Some(client) => {
            let (chain, key) = identity(client)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                invalid("the client certificate and its key do not fit").because(error)
            })
        }
    }
}

/// Settings for hosts that are never spoken to in TLS: nothing is trusted, and no certificate store is read.
pub(crate) fn no_config() -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "no TLS version").because(error))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn verifier(material: &TlsMaterial, provider: &Arc<CryptoProvider>) -> Result<Verifier> {
    let mut extra = Vec::new();
    for pem in &material.authorities {
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate
                .map_err(|error| invalid("a certificate authority is not PEM").because(error))?;
            extra.push(certificate);
        }
        if extra.len() == before {
            return Err(invalid(
                "a file of certificate authorities has no certificate in it",
            ));
        }
    }
    Verifier::new_with_extra_roots(extra, Arc::clone(provider)).map_err(|error| {
        invalid("the certificate authorities cannot be used")
            .because(error)
            .hinting("install the ca-certificates package, or give the host's own authority")
    })
}

fn identity(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = CertificateDer::pem_slice_iter(&client.chain)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| invalid("the client certificate is not PEM").because(error))?;
    if chain.is_empty() {
        return Err(invalid(
            "the client certificate's file has no certificate in it",
        ));
    }
    // The cause is left out: it could quote the key.
    let key = PrivateKeyDer::from_pem_slice(client.key.expose_secret())
        .map_err(|_| invalid("the client certificate's key is not PEM"))?;
    Ok((chain, key))
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message)
}
