//! The outline of an archive: every byte's place, before the first one is written.

mod cargo;
mod draft;
mod fit;
mod head;
mod options;
mod record;
mod seal;
mod volume;

use bytes::Bytes;
use transship_oci::{
    Artifact, Descriptor, Digest, Error, ErrorKind, RawManifest, Referrer, Result,
};

use self::cargo::Cargo;
pub(crate) use self::{
    fit::check_room,
    volume::{Stowed, checksum_line},
};
pub use self::{
    options::{Lineage, OutlineOptions, TrustMaterial},
    seal::{Sealed, unsealed},
    volume::VolumeOutline,
};
use crate::{Inventory, layout};

/// An archive as it will be. The same artifacts, options and seal make the same outline, and so the same bytes.
#[derive(Debug, Clone)]
pub struct Outline {
    inventory: Inventory,
    inventory_manifest: RawManifest,
    manifests: Vec<RawManifest>,
    referrers: Vec<(Digest, Referrer)>,
    blobs: Vec<Descriptor>,
    volumes: Vec<VolumeOutline>,
}

impl Outline {
    /// Lays out an archive of `artifacts`.
    ///
    /// `seal` is given the inventory's manifest and returns the signatures to put beside it; see [`unsealed`]. It may be
    /// asked more than once, for other inventories, before one is settled.
    ///
    /// # Errors
    /// `Conflict` when two artifacts want the same tag; `Corrupt` when manifests contradict each other; `Invalid` for
    /// options that make no archive, volumes too small among them; what `seal` says.
    pub fn of(
        artifacts: &[Artifact],
        options: &OutlineOptions,
        seal: &dyn Fn(&RawManifest) -> Result<Vec<Sealed>>,
    ) -> Result<Self> {
        let cargo = Cargo::of(artifacts, options)?;
        draft::settle(artifacts, options, &cargo, seal)
    }

    /// What the archive says of itself.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The manifest of the inventory: its digest names the archive.
    pub fn inventory_manifest(&self) -> &RawManifest {
        &self.inventory_manifest
    }

    /// The blobs in the order in which the stream wants them. What lies in the head is not among them.
    pub fn blobs(&self) -> &[Descriptor] {
        &self.blobs
    }

    /// The manifests, each once, in the order of publication.
    pub fn manifests(&self) -> &[RawManifest] {
        &self.manifests
    }

    /// What belongs to what, over all artifacts.
    pub fn referrers(&self) -> &[(Digest, Referrer)] {
        &self.referrers
    }

    /// The volumes, one where the archive is not cut.
    pub fn volumes(&self) -> &[VolumeOutline] {
        &self.volumes
    }

    /// The names of the volumes where the whole is called `key`.
    pub fn keys(&self, key: &str) -> Vec<String> {
        let count = u32::try_from(self.volumes.len()).unwrap_or(u32::MAX);
        (1..=count)
            .map(|volume| layout::volume_key(key, volume, count))
            .collect()
    }

    /// Bytes of all volumes together.
    pub fn size(&self) -> u64 {
        self.volumes.iter().map(VolumeOutline::size).sum()
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// The empty descriptor's content. Evidence of all kinds names it; it lies in every head and in no body.
pub(crate) fn empty() -> (Descriptor, Bytes) {
    let bytes = Bytes::from_static(b"{}");
    let node = Descriptor::of(transship_oci::media_type::OCI_EMPTY, &bytes);
    (node, bytes)
}

#[cfg(test)]
pub(crate) mod tests;
