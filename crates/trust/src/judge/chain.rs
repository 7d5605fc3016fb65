//! Does a certificate lead to an authority?

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use sigstore_crypto::WEBPKI_VERIFICATION_ALGS;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::{Authorities, Outcome, verdict::Rejection};

/// `id-kp-codeSigning` (RFC 5280), the encoded object identifier's content.
const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];

/// Does the certificate lead to one of the roots at this time?
///
/// It must be for signing code if it says what it is for at all: certificates of private authorities often do not, and the
/// tools that sign with them take that to be good for anything.
pub(super) fn leads_to_root(
    leaf: &[u8],
    chain: &[Vec<u8>],
    authorities: &Authorities,
    at: Timestamp,
) -> Result<(), Rejection> {
    let roots: Vec<CertificateDer<'_>> = authorities
        .roots()
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let anchors: Vec<_> = roots
        .iter()
        .filter_map(|der| anchor_from_trusted_cert(der).ok())
        .collect();
    let between: Vec<CertificateDer<'_>> = chain
        .iter()
        .chain(authorities.intermediates())
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    let der = CertificateDer::from(leaf);
    EndEntityCert::try_from(&der)
        .and_then(|certificate| {
            certificate
                .verify_for_usage(
                    WEBPKI_VERIFICATION_ALGS,
                    &anchors,
                    &between,
                    UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                    KeyUsage::required_if_present(CODE_SIGNING),
                    None,
                    None,
                )
                .map(|_| ())
        })
        .map_err(|cause| {
            let outcome = match cause {
                webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
                    Outcome::Expired
                }
                _ => Outcome::UntrustedSigner,
            };
            let why = match cause {
                webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
                    "no authority that is trusted has issued the certificate".to_owned()
                }
                webpki::Error::CertExpired { .. } => format!("the certificate had expired at {at}"),
                webpki::Error::CertNotValidYet { .. } => {
                    format!("the certificate was not yet valid at {at}")
                }
                cause => format!("the certificate does not lead to a trusted root: {cause}"),
            };
            (outcome, why)
        })
}
