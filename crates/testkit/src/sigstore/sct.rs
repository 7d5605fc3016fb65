//! Signed certificate timestamps (RFC 6962): the certificate log's word that it has seen a certificate.

use transship_oci::Digest;

use super::{Forge, der};

/// The extension that a stamp is put in.
pub(super) const EXTENSION: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

/// What the certificate log says of a signer's certificate.
#[derive(Debug, Clone, Copy)]
pub enum Stamp<'a> {
    /// That it has seen it.
    Sound,
    /// The same, with a bit of its signature turned over.
    Bent,
    /// The log of another forge says so.
    By(&'a Forge),
    /// Nothing.
    None,
}

impl Stamp<'_> {
    /// The content of the extension, for a certificate without it.
    pub(super) fn of(
        self,
        forge: &Forge,
        to_be_signed: &[u8],
        issuer_key: &[u8],
        millis: u64,
    ) -> Option<Vec<u8>> {
        let log = match self {
            Self::Sound | Self::Bent => &forge.certificate_log,
            Self::By(other) => &other.certificate_log,
            Self::None => return None,
        };
        let mut signature = log.sign(&said(to_be_signed, issuer_key, millis));
        if matches!(self, Self::Bent)
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        // 4 is SHA-256, 3 is ECDSA.
        let stamp = [
            &[0][..],
            &log.id(),
            &millis.to_be_bytes(),
            &[0, 0, 4, 3],
            &sized(&signature),
        ]
        .concat();
        Some(der::element(4, &sized(&sized(&stamp))))
    }
}

/// What is signed: version, kind of signature, time, kind of entry, the entry, no extensions.
fn said(to_be_signed: &[u8], issuer_key: &[u8], millis: u64) -> Vec<u8> {
    let length = u32::try_from(to_be_signed.len()).expect("a certificate");
    [
        &[0, 0][..],
        &millis.to_be_bytes(),
        &[0, 1],
        Digest::sha256(issuer_key).raw(),
        &length.to_be_bytes()[1..],
        to_be_signed,
        &[0, 0],
    ]
    .concat()
}

/// The bytes behind their number.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("few bytes");
    [&length.to_be_bytes(), bytes].concat()
}
