//! Public keys: read from PEM, and asked whether they made a signature.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sigstore_crypto::{
    Error as CryptoError, KeyAlgorithm, SigningScheme, VerificationKey, validate_raw_public_key,
};
use sigstore_types::{DerPublicKey, SignatureBytes};
use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::pem;

/// The most keys that are read from one text.
const MAX_KEYS: usize = 100;

/// A public key: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    spki: Vec<u8>,
    kind: KeyAlgorithm,
}

impl Key {
    /// Reads every public key of a PEM text (`PUBLIC KEY`, the SPKI form that cosign and openssl write).
    ///
    /// # Errors
    /// `Invalid` when there is none, when one cannot be used, or when something else is among them: a private key given by
    /// mistake is named as such, and nothing of it is shown.
    pub fn from_pem(text: &str) -> Result<Vec<Self>> {
        let blocks = pem::read(text, MAX_KEYS)?;
        if blocks.is_empty() {
            return Err(invalid("there is no PEM block in the public key")
                .hinting("give a file that starts with -----BEGIN PUBLIC KEY-----"));
        }
        blocks
            .into_iter()
            .map(|block| match block.label.as_str() {
                "PUBLIC KEY" => Self::from_spki(&block.der),
                label if label.contains("PRIVATE KEY") => Err(invalid(
                    "a private key was given where a public key is wanted",
                )
                .hinting("give the .pub file that belongs to it")),
                label => Err(invalid(format!(
                    "a PEM block {label:?} is no public key; PUBLIC KEY is"
                ))),
            })
            .collect()
    }

    /// A key from its `SubjectPublicKeyInfo` in DER.
    ///
    /// # Errors
    /// `Invalid` when it is none, or of a kind, curve or size that is not supported.
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        let unusable = |cause: CryptoError| invalid("the public key cannot be used").because(cause);
        let spki = DerPublicKey::new(der.to_vec());
        let kind = KeyAlgorithm::from_spki(&spki).map_err(unusable)?;
        let key = VerificationKey::from_spki(&spki).map_err(unusable)?;
        validate_raw_public_key(key.scheme(), key.as_bytes()).map_err(unusable)?;
        Ok(Self {
            spki: der.to_vec(),
            kind,
        })
    }

    /// The `SubjectPublicKeyInfo` in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Is it of the kind that every tool of Sigstore takes for a log's key?
    pub(crate) fn is_ecdsa(&self) -> bool {
        matches!(self.kind, KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384)
    }

    /// SHA-256 of the SPKI in lower-case hex: how reports name the key.
    pub fn fingerprint(&self) -> String {
        Digest::sha256(&self.spki).hex()
    }

    /// SHA-256 of the SPKI in base64: the hint that cosign 3 and sigstore-go write into bundles.
    pub fn hint(&self) -> String {
        STANDARD.encode(Digest::sha256(&self.spki).raw())
    }

    /// Is `signature` over `message` by this key, in any of the schemes that signers use with keys of its kind?
    ///
    /// ECDSA: SHA-256 or SHA-384, signature in DER. RSA: PKCS #1 v1.5 or PSS, SHA-256, SHA-384 or SHA-512. Which was used
    /// is nowhere written in cosign's formats, and none of them is weak.
    pub fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::new(signature.to_vec());
        self.in_any_scheme(|key| key.verify(message, &signature).is_ok())
    }

    /// The same where only the digest of the message is known. Ed25519 then cannot be checked: it signs the message itself.
    pub fn made_digest(&self, digest: &Digest, signature: &[u8]) -> bool {
        let signature = SignatureBytes::new(signature.to_vec());
        self.in_any_scheme(|key| key.verify_prehashed(digest.raw(), &signature).is_ok())
    }

    fn in_any_scheme(&self, holds: impl Fn(&VerificationKey) -> bool) -> bool {
        let spki = DerPublicKey::new(self.spki.clone());
        self.schemes().iter().any(|scheme| {
            VerificationKey::from_spki_with_scheme(&spki, *scheme).is_ok_and(|key| holds(&key))
        })
    }

    fn schemes(&self) -> &'static [SigningScheme] {
        match self.kind {
            KeyAlgorithm::EcdsaP256 => &[
                SigningScheme::EcdsaP256Sha256,
                SigningScheme::EcdsaP256Sha384,
            ],
            KeyAlgorithm::EcdsaP384 => &[
                SigningScheme::EcdsaP384Sha384,
                SigningScheme::EcdsaP384Sha256,
            ],
            KeyAlgorithm::Rsa => &[
                SigningScheme::RsaPkcs1Sha256,
                SigningScheme::RsaPssSha256,
                SigningScheme::RsaPkcs1Sha384,
                SigningScheme::RsaPssSha384,
                SigningScheme::RsaPkcs1Sha512,
                SigningScheme::RsaPssSha512,
            ],
            KeyAlgorithm::Ed25519 => &[SigningScheme::Ed25519],
            KeyAlgorithm::MlDsa44 => &[SigningScheme::MlDsa44],
            KeyAlgorithm::MlDsa65 => &[SigningScheme::MlDsa65],
            KeyAlgorithm::MlDsa87 => &[SigningScheme::MlDsa87],
            _ => &[],
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?} {})", self.kind, self.fingerprint())
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
