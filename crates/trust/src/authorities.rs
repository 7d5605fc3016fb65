//! Private certificate authorities: roots to trust, and intermediates to find a way to them.

use rustls_pki_types::CertificateDer;
use transship_oci::{Error, ErrorKind, Result};

use crate::pem;

/// The most certificates that are read from one text.
const MAX_CERTIFICATES: usize = 100;

/// Certificates of authorities.
#[derive(Debug, Clone, Default)]
pub struct Authorities {
    roots: Vec<Vec<u8>>,
    intermediates: Vec<Vec<u8>>,
}

impl Authorities {
    /// Reads roots and intermediates, each from a PEM text with any number of certificates.
    ///
    /// # Errors
    /// `Invalid` when there is no root, or something in the texts is not a certificate.
    pub fn from_pem(roots: &str, intermediates: Option<&str>) -> Result<Self> {
        let read = |text: &str| certificates_from_pem(text, MAX_CERTIFICATES);
        let roots = read(roots)?;
        if roots.is_empty() {
            return Err(invalid("there is no certificate among the roots"));
        }
        for root in &roots {
            webpki::anchor_from_trusted_cert(&CertificateDer::from(root.as_slice())).map_err(
                |cause| invalid("a root certificate cannot be used").because(Certificate(cause)),
            )?;
        }
        Ok(Self {
            roots,
            intermediates: intermediates.map(read).transpose()?.unwrap_or_default(),
        })
    }

    /// Authorities that are all trusted, in DER, known to be certificates.
    pub(crate) fn anchors(roots: Vec<Vec<u8>>) -> Self {
        Self {
            roots,
            intermediates: Vec::new(),
        }
    }

    /// The roots, in DER.
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// The intermediates, in DER.
    pub fn intermediates(&self) -> &[Vec<u8>] {
        &self.intermediates
    }
}

/// Why webpki does not take a certificate.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Certificate(webpki::Error);

/// Reads the certificates of a PEM text, in DER.
pub(crate) fn certificates_from_pem(text: &str, max: usize) -> Result<Vec<Vec<u8>>> {
    pem::read(text, max)?
        .into_iter()
        .map(|block| match block.label.as_str() {
            "CERTIFICATE" => Ok(block.der),
            label => Err(invalid(format!(
                "a PEM block {label:?} is no certificate; CERTIFICATE is"
            ))),
        })
        .collect()
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
