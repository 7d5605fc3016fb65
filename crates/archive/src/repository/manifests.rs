//! All manifests of an archive, each read once.

use std::collections::HashMap;

use transship_oci::{Children, Descriptor, Digest, RawManifest, Result};

/// A manifest and what it names.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) manifest: RawManifest,
    pub(crate) children: Children,
}

impl Node {
    /// # Errors
    /// As [`RawManifest::children`].
    pub(crate) fn read(manifest: RawManifest) -> Result<Self> {
        let children = manifest.children()?;
        Ok(Self { manifest, children })
    }

    /// Its descriptor as a list of referrers has it: with artifact type and annotations.
    pub(crate) fn listed(&self) -> Descriptor {
        Descriptor {
            artifact_type: self.children.artifact_type.clone(),
            annotations: self.children.annotations.clone(),
            ..self.manifest.descriptor().clone()
        }
    }
}

/// Manifests by digest.
#[derive(Debug, Default)]
pub(crate) struct Manifests(HashMap<Digest, Node>);

impl Manifests {
    pub(crate) fn get(&self, digest: &Digest) -> Option<&Node> {
        self.0.get(digest)
    }

    /// Returns `false` when it was there.
    pub(crate) fn add(&mut self, node: Node) -> bool {
        self.0.insert(node.manifest.digest(), node).is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.0.values()
    }
}
