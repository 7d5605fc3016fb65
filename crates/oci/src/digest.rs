//! Digests: what an artifact is, whatever it is called.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256, Sha512};

/// The hash functions that a digest may name.
///
/// The registered algorithms of the image specification (descriptor.md, "Registered Algorithms");
/// anything else is refused, because what we cannot compute we cannot check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the one every registry knows.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name as it stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many lower-case hex digits the encoded part has.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A content digest, `sha256:<64 hex>` or `sha512:<128 hex>` (image-spec, descriptor.md "Digests").
///
/// Held as raw bytes, so that a set of many digests is small.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Repr);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl Digest {
    /// The digest of `bytes` under `algorithm`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self(Repr::Sha256(Sha256::digest(bytes).into())),
            Algorithm::Sha512 => Self(Repr::Sha512(Sha512::digest(bytes).into())),
        }
    }

    /// The SHA-256 digest of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    pub(crate) fn from_sha256(raw: [u8; 32]) -> Self {
        Self(Repr::Sha256(raw))
    }

    pub(crate) fn from_sha512(raw: [u8; 64]) -> Self {
        Self(Repr::Sha512(raw))
    }

    /// Which hash function made it.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Repr::Sha256(_) => Algorithm::Sha256,
            Repr::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The hash value itself.
    pub fn raw(&self) -> &[u8] {
        match &self.0 {
            Repr::Sha256(raw) => raw,
            Repr::Sha512(raw) => raw,
        }
    }

    /// The part after the colon, in lower-case hex.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.raw()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
            .collect()
    }

    /// The first twelve hex digits: enough for a person to tell two apart in a list.
    pub fn short(&self) -> String {
        let mut hex = self.hex();
        hex.truncate(12);
        hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:` in front.
    #[error("digest {0:?} has no algorithm; it looks like sha256:<64 hex digits>")]
    NoAlgorithm(String),
    /// The algorithm is none that we can compute.
    #[error("digest algorithm {0:?} is not supported; use sha256 or sha512")]
    UnknownAlgorithm(String),
    /// The encoded part is not lower-case hex of the right length.
    #[error("{0} digest wants {len} lower-case hex digits", len = .0.hex_len())]
    BadHex(Algorithm),
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let clip = |text: &str| text.chars().take(80).collect::<String>();
        let (name, hex) = text
            .split_once(':')
            .ok_or_else(|| DigestError::NoAlgorithm(clip(text)))?;
        match name {
            "sha256" => decode(hex)
                .map(Self::from_sha256)
                .ok_or(DigestError::BadHex(Algorithm::Sha256)),
            "sha512" => decode(hex)
                .map(Self::from_sha512)
                .ok_or(DigestError::BadHex(Algorithm::Sha512)),
            other => Err(DigestError::UnknownAlgorithm(clip(other))),
        }
    }
}

/// Decodes exactly `N` bytes of lower-case hex.
fn decode<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let hex = hex.as_bytes();
    if hex.len() != 2 * N {
        return None;
    }
    let mut raw = [0; N];
    for (byte, pair) in raw.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(raw)
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
