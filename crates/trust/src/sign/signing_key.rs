//! The kinds of keys that sign.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use p256::{
    ecdsa::signature::{Signer as _, hazmat::PrehashSigner as _},
    pkcs8::{DecodePrivateKey as _, EncodePublicKey as _},
};
use transship_oci::{Digest, Result};

use super::key_file::{internal, invalid};

/// A private key by its kind. All of them sign the same message with the same bytes again.
#[derive(Clone)]
pub(super) enum SigningKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(Arc<Ed25519KeyPair>),
    Rsa(Arc<RsaKeyPair>),
}

impl SigningKey {
    /// Reads PKCS #8 (RFC 5958), whose kinds exclude each other.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self> {
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self::P256(key));
        }
        if let Ok(key) = p384::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self::P384(key));
        }
        // openssl leaves the public key out, so there is nothing to compare with.
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self::Ed25519(Arc::new(key)));
        }
        if let Ok(key) = RsaKeyPair::from_pkcs8(der) {
            return Ok(Self::Rsa(Arc::new(key)));
        }
        Err(invalid(
            "the private key is none that signs here: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits",
        )
        .hinting("make one with `transship key generate`"))
    }

    /// The `SubjectPublicKeyInfo` of its public key, in DER.
    pub(super) fn spki(&self) -> Result<Vec<u8>> {
        let unwritable = || internal("the public key cannot be written");
        let of_pair = |der: std::result::Result<PublicKeyX509Der<'_>, _>| {
            der.map(|der| der.as_ref().to_vec())
                .map_err(|_: aws_lc_rs::error::Unspecified| unwritable())
        };
        match self {
            Self::P256(key) => match key.verifying_key().to_public_key_der() {
                Ok(der) => Ok(der.as_bytes().to_vec()),
                Err(_) => Err(unwritable()),
            },
            Self::P384(key) => match key.verifying_key().to_public_key_der() {
                Ok(der) => Ok(der.as_bytes().to_vec()),
                Err(_) => Err(unwritable()),
            },
            Self::Ed25519(pair) => of_pair(pair.public_key().as_der()),
            Self::Rsa(pair) => of_pair(pair.public_key().as_der()),
        }
    }

    /// ECDSA in DER (RFC 6979); Ed25519 over the message itself; RSA as PKCS #1 v1.5. The hash is SHA-256 for P-384 too:
    /// cosign takes no other for signatures in tags.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let unsigned = || internal("the signature cannot be made");
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign(message).map_err(|_| unsigned())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(key) => {
                let digest = Digest::sha256(message);
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(digest.raw()).map_err(|_| unsigned())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .map_err(|_| unsigned())?;
                Ok(signature)
            }
        }
    }
}
