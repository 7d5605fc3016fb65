//! The manifests of many artifacts that are held at once.

use std::collections::{HashMap, hash_map::Entry};

use bytes::Bytes;
use transship_oci::{Digest, Error, ErrorKind, RawManifest, Result, Side};

/// Each manifest once, however many artifacts share it; what they weigh together has a limit.
pub(crate) struct Shelf {
    held: HashMap<Digest, Bytes>,
    bytes: u64,
    limit: u64,
}

impl Shelf {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            held: HashMap::new(),
            bytes: 0,
            limit,
        }
    }

    /// Puts the manifests of one more artifact beside the others.
    ///
    /// # Errors
    /// `Invalid` when there is no room for them: then none of them is taken.
    pub(crate) fn take(&mut self, manifests: Vec<&mut RawManifest>) -> Result<()> {
        let new = manifests
            .iter()
            .filter(|manifest| !self.held.contains_key(&manifest.digest()));
        let more: u64 = new.map(|manifest| manifest.bytes().len() as u64).sum();
        if self.bytes + more > self.limit {
            return Err(self.full());
        }
        self.bytes += more;
        for manifest in manifests {
            match self.held.entry(manifest.digest()) {
                // It may be described in another way here, as a child with its platform; the bytes are the same.
                Entry::Occupied(held) => {
                    let bytes = held.get().clone();
                    *manifest = RawManifest::verified(manifest.descriptor(), bytes)?;
                }
                Entry::Vacant(room) => {
                    room.insert(manifest.bytes().clone());
                }
            }
        }
        Ok(())
    }

    fn full(&self) -> Error {
        let message = format!(
            "its manifests and those of the artifacts before are more than {} bytes together",
            self.limit
        );
        Error::new(ErrorKind::Invalid, message)
            .on(Side::Source)
            .hinting("do it in several goes of fewer artifacts each")
    }
}

#[cfg(test)]
mod tests;
