//! What is put beside the inventory: signatures, made by whoever can.

use std::collections::HashSet;

use bytes::Bytes;
use transship_oci::{Descriptor, Digest, Error, ErrorKind, RawManifest, Result};

/// Something that refers to the inventory: a manifest whose subject it is, with its blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The referrer.
    pub manifest: RawManifest,
    /// What it names.
    pub blobs: Vec<(Descriptor, Bytes)>,
}

impl Sealed {
    /// Does it refer to `inventory`, and is all there that it names?
    pub(super) fn check(&self, inventory: &RawManifest, head: &HashSet<Digest>) -> Result<()> {
        let internal = |message: String| Err(Error::new(ErrorKind::Internal, message));
        let digest = self.manifest.digest();
        let children = self.manifest.children()?;
        if children.subject_digest() != Some(inventory.digest()) {
            return internal(format!("seal {digest} does not refer to the inventory"));
        }
        for (node, bytes) in &self.blobs {
            if Digest::of(node.digest.algorithm(), bytes) != node.digest {
                return internal(format!("blob {} of a seal has other bytes", node.digest));
            }
        }
        let there = |wanted: &Descriptor| {
            let own = self
                .blobs
                .iter()
                .any(|(node, _)| node.digest == wanted.digest);
            own || head.contains(&wanted.digest)
        };
        match children.blobs.iter().find(|blob| !there(blob)) {
            Some(missing) => internal(format!("blob {} of a seal is missing", missing.digest)),
            None => Ok(()),
        }
    }
}

/// No seal: for archives that nobody signs.
///
/// # Errors
/// Never.
pub fn unsealed(_: &RawManifest) -> Result<Vec<Sealed>> {
    Ok(Vec::new())
}
