//! An ECDSA P-256 key, made on the spot and gone with the process.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use transship_oci::{Error, ErrorKind, Result};

/// A key pair.
pub(super) struct Key(pub(super) EcdsaKeyPair);

impl Key {
    /// A new one.
    pub(super) fn generate() -> Result<Self> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(Self)
            .map_err(|_| broken("made"))
    }

    /// Signs `message` (ECDSA over SHA-256, in ASN.1, as cosign does).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| broken("used"))?.as_ref().to_vec())
    }

    /// Is this a signature of `message` by this key?
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.0.public_key())
            .verify(message, signature)
            .is_ok()
    }
}

fn broken(what: &str) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("the sample key cannot be {what}"),
    )
}
