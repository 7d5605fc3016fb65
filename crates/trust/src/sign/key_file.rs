//! Private keys: made, read from PEM and written.

use std::fmt;

use aws_lc_rs::rand;
use p256::pkcs8::EncodePrivateKey as _;
use secrecy::{ExposeSecret as _, SecretString};
use transship_oci::{Error, ErrorKind, Result};
use zeroize::{Zeroize as _, Zeroizing};

use super::{cosign_key, signing_key::SigningKey};
use crate::{Key, pem};

/// What cosign writes above its encrypted keys, and what it wrote before 2.0.
const ENCRYPTED: [&str; 2] = [
    "ENCRYPTED SIGSTORE PRIVATE KEY",
    "ENCRYPTED COSIGN PRIVATE KEY",
];

/// A private key: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits.
///
/// Its memory is overwritten when it is dropped, and it cannot be shown.
#[derive(Clone)]
pub struct PrivateKey {
    signing: SigningKey,
    /// As it was read, or made.
    pkcs8: Zeroizing<Vec<u8>>,
    public: Key,
}

impl PrivateKey {
    /// A new key: ECDSA on P-256, the kind that `cosign generate-key-pair` makes.
    ///
    /// # Errors
    /// `Internal` when the system has no randomness.
    pub fn generate() -> Result<Self> {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            rand::fill(&mut *scalar).map_err(|_| internal("the system has no randomness"))?;
            // Out of range once in 2^32: zero, or not below the order of the curve.
            if let Ok(signing) = p256::ecdsa::SigningKey::from_slice(&*scalar) {
                let document = signing.to_pkcs8_der();
                let document =
                    document.map_err(|_| internal("the private key cannot be written"))?;
                return Self::from_pkcs8(document.as_bytes());
            }
        }
    }

    /// Is the key in this PEM text encrypted, so that a passphrase is needed?
    pub fn is_encrypted(text: &str) -> bool {
        ENCRYPTED
            .iter()
            .any(|label| text.contains(&format!("-----BEGIN {label}-----")))
    }

    /// Reads a key from PEM: cosign's own encrypted form, or PKCS #8 in clear.
    ///
    /// # Errors
    /// `Invalid` when there is none, when the passphrase is missing or wrong, or when it is of another kind. Nothing of the
    /// key is in the message.
    pub fn from_pem(text: &str, passphrase: Option<&SecretString>) -> Result<Self> {
        let block = pem::read(text, 8)?
            .into_iter()
            .find(|block| block.label.contains("PRIVATE KEY"));
        let Some(mut block) = block else {
            return Err(invalid("there is no private key in the PEM text")
                .hinting("give a file that cosign generate-key-pair or openssl genpkey made"));
        };
        let read = match block.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&block.der),
            label if ENCRYPTED.contains(&label) => match passphrase {
                Some(passphrase) => {
                    cosign_key::open(&block.der, passphrase).and_then(|der| Self::from_pkcs8(&der))
                }
                None => Err(invalid(
                    "the private key is encrypted, and there is no passphrase",
                )),
            },
            label => Err(
                invalid(format!("a private key of form {label:?} cannot be read"))
                    .hinting("turn it into PKCS #8 with `openssl pkcs8 -topk8 -nocrypt`"),
            ),
        };
        block.der.zeroize();
        read
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let signing = SigningKey::from_pkcs8(der)?;
        let public = Key::from_spki(&signing.spki()?)?;
        Ok(Self {
            signing,
            pkcs8: Zeroizing::new(der.to_vec()),
            public,
        })
    }

    /// The key in clear, as PKCS #8 in PEM.
    pub fn to_pem(&self) -> SecretString {
        SecretString::from(pem::write("PRIVATE KEY", &self.pkcs8))
    }

    /// The key under a passphrase, in the form that cosign reads.
    ///
    /// # Errors
    /// `Internal` when the system has no randomness.
    pub fn to_encrypted_pem(&self, passphrase: &SecretString) -> Result<String> {
        let sealed = cosign_key::seal(&self.pkcs8, passphrase)?;
        Ok(pem::write(ENCRYPTED[0], &sealed))
    }

    /// The public key.
    pub fn public(&self) -> &Key {
        &self.public
    }

    /// The public key as PEM: what `cosign.pub` holds.
    pub fn public_pem(&self) -> String {
        pem::write("PUBLIC KEY", self.public.spki())
    }

    /// The signature over `message`, the same for the same message: ECDSA with SHA-256 in DER (RFC 6979), Ed25519, or RSA
    /// PKCS #1 v1.5 with SHA-256.
    ///
    /// # Errors
    /// `Internal` when the signature does not verify: a fault of the machine, and such a signature may give the key away.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.signing.sign(message)?;
        if self.public.made(message, &signature) {
            Ok(signature)
        } else {
            Err(internal("the signature that was made does not verify"))
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public.fingerprint())
    }
}

/// The bytes of a passphrase.
pub(super) fn exposed(passphrase: &SecretString) -> &[u8] {
    passphrase.expose_secret().as_bytes()
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

pub(super) fn internal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests;
