//! Manifests as they were read: bytes that are never written again any other way.

use bytes::Bytes;

use crate::{Descriptor, Digest, Error, ErrorKind, Result};

/// The largest manifest that is read, in bytes: what CNCF distribution takes, and what the specification
/// says registries should (distribution-spec, "Pushing Manifests").
pub const MAX_MANIFEST: u64 = 4 * 1024 * 1024;

/// A manifest's exact bytes under the descriptor that they answer to.
///
/// There is no way to make one whose bytes do not hash to its digest, and none to change the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawManifest {
    descriptor: Descriptor,
    bytes: Bytes,
}

impl RawManifest {
    /// Takes `bytes` for what `expected` promises.
    ///
    /// # Errors
    /// `DigestMismatch` when size or digest differ, `Corrupt` when there are too many bytes.
    pub fn verified(expected: &Descriptor, bytes: Bytes) -> Result<Self> {
        check_length(bytes.len() as u64)?;
        let found = Digest::of(expected.digest.algorithm(), &bytes);
        if found != expected.digest {
            return Err(Error::new(
                ErrorKind::DigestMismatch,
                format!(
                    "manifest {} was asked for, but the bytes hash to {found}",
                    expected.digest
                ),
            ));
        }
        if bytes.len() as u64 != expected.size {
            return Err(Error::new(
                ErrorKind::DigestMismatch,
                format!(
                    "manifest {} has {} bytes where {} were promised",
                    found,
                    bytes.len(),
                    expected.size
                ),
            ));
        }
        Ok(Self {
            descriptor: expected.clone(),
            bytes,
        })
    }

    /// Takes `bytes` that nobody described: media type as the server said, digest as they hash.
    ///
    /// # Errors
    /// `Corrupt` when there are too many bytes.
    pub fn named(media_type: &str, bytes: Bytes) -> Result<Self> {
        check_length(bytes.len() as u64)?;
        Ok(Self {
            descriptor: Descriptor::of(media_type, &bytes),
            bytes,
        })
    }

    /// What it is.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        self.descriptor.digest
    }

    /// Its media type.
    pub fn media_type(&self) -> &str {
        &self.descriptor.media_type
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

fn check_length(length: u64) -> Result<()> {
    if length > MAX_MANIFEST {
        let message = format!("a manifest of {length} bytes is over the limit of {MAX_MANIFEST}");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
