//! Do the parts of a head say the same? The inventory is what is signed; whatever contradicts it is refused.

use std::collections::{HashMap, HashSet};

use transship_oci::{Digest, Result, Tag};

use super::{
    closure::Closure,
    head::{Head, corrupt},
    lists::Names,
};
use crate::{
    inventory::{Carried, Ownership},
    layout::INDEX,
};

/// The most that is looked at for all artifacts together: a million entries that all name one index of forty thousand
/// images would keep a machine busy for an hour and fill its memory, and fit into a small file.
const MAX_STEPS: usize = 8_000_000;

/// Is so much to be looked at?
pub(crate) fn within(steps: usize) -> Result<usize> {
    if steps <= MAX_STEPS {
        return Ok(steps);
    }
    Err(corrupt(format!(
        "the artifacts of the inventory name more than {MAX_STEPS} things together"
    )))
}

impl Head {
    /// Do inventory, manifests, `index.json` and `manifest.json` agree?
    ///
    /// # Errors
    /// `Corrupt`, naming what contradicts what.
    pub(super) fn check_agreement(&self) -> Result<()> {
        if self.place.of as usize != self.inventory.volumes.len() {
            let message = format!(
                "{INDEX} says that there are {} volumes, the inventory lists {}",
                self.place.of,
                self.inventory.volumes.len()
            );
            return Err(corrupt(message));
        }
        let sizes = self.sizes();
        let (mut manifests, mut blobs) = (HashSet::new(), HashSet::new());
        let mut whole = Vec::new();
        let away = self.away();
        let mut steps = 0_usize;
        let listed = self.inventory.blobs.iter();
        let pieces: HashMap<Digest, usize> = listed
            .map(|blob| (blob.digest, blob.pieces.len()))
            .collect();
        for artifact in &self.inventory.artifacts {
            let closure = Closure::of(artifact, &self.manifests);
            // What a lost volume costs is found out piece by piece.
            let named = closure.blobs.iter().chain(&closure.foreign);
            let cut: usize = named.filter_map(|blob| pieces.get(&blob.digest)).sum();
            steps = within(steps.saturating_add(closure.steps).saturating_add(cut))?;
            self.check_artifact(artifact, &closure, &sizes)?;
            let mut named = closure.blobs.iter().chain(&closure.foreign);
            if named.all(|blob| !away.contains(&blob.digest)) {
                whole.push(artifact);
            }
            manifests.extend(closure.manifests.iter().map(|node| node.manifest.digest()));
            let named = closure.blobs.iter().chain(&closure.foreign);
            blobs.extend(named.map(|blob| blob.digest));
        }
        self.check_strays(&manifests, &blobs)?;
        let names = self.names()?;
        self.check_index(&names, &whole)?;
        self.check_docker(&names)
    }

    /// Every blob that is known, with its size.
    fn sizes(&self) -> HashMap<Digest, u64> {
        let carried = self
            .inventory
            .blobs
            .iter()
            .map(|blob| (blob.digest, blob.size));
        let wanted = self
            .inventory
            .prerequisites
            .iter()
            .map(|it| (it.digest, it.size));
        let head = self
            .content
            .iter()
            .map(|(digest, bytes)| (*digest, bytes.len() as u64));
        head.chain(carried).chain(wanted).collect()
    }

    fn check_artifact(
        &self,
        artifact: &Carried,
        closure: &Closure<'_>,
        sizes: &HashMap<Digest, u64>,
    ) -> Result<()> {
        if let Some((parent, child)) = closure.missing.first() {
            return Err(corrupt(format!(
                "manifest {parent} lists {child}, which the inventory does not"
            )));
        }
        let left_out: HashSet<_> = artifact.foreign.iter().collect();
        for blob in closure.blobs.iter().chain(&closure.foreign) {
            match sizes.get(&blob.digest) {
                Some(size) if *size == blob.size => {}
                Some(size) => {
                    let message = format!(
                        "blob {} has {size} bytes to the inventory and {} to a manifest",
                        blob.digest, blob.size
                    );
                    return Err(corrupt(message));
                }
                None if blob.is_foreign() && left_out.contains(&blob.digest) => {}
                None => {
                    let message = format!(
                        "blob {} is named by a manifest of {} and not listed in the inventory",
                        blob.digest, artifact.source
                    );
                    return Err(corrupt(message));
                }
            }
        }
        artifact
            .referrers
            .iter()
            .try_for_each(|it| self.check_ownership(it))
    }

    /// A manifest names its subject, or lies under the subject's tag.
    fn check_ownership(&self, ownership: &Ownership) -> Result<()> {
        let node = self.manifests.get(&ownership.digest);
        let named = node.and_then(|node| node.children.subject_digest());
        let tied = match &ownership.tag {
            Some(tag) => Tag::legacy(&ownership.subject).contains(tag),
            None => named == Some(ownership.subject),
        };
        if tied {
            return Ok(());
        }
        let message = format!(
            "the inventory says that {} belongs to {}, its manifest does not",
            ownership.digest, ownership.subject
        );
        Err(corrupt(message))
    }

    /// The blobs that are not all in this volume.
    fn away(&self) -> HashSet<Digest> {
        let here = self.place.volume;
        let blobs = self.inventory.blobs.iter();
        let away = blobs.filter(|blob| blob.pieces.iter().any(|piece| piece.volume != here));
        away.map(|blob| blob.digest).collect()
    }

    /// Nothing travels that belongs to no artifact.
    fn check_strays(&self, manifests: &HashSet<Digest>, blobs: &HashSet<Digest>) -> Result<()> {
        let listed = self.inventory.manifests.iter().map(|it| it.digest);
        let carried = self.inventory.blobs.iter().map(|it| it.digest);
        let stray = listed
            .filter(|it| !manifests.contains(it))
            .chain(carried.filter(|it| !blobs.contains(it)))
            .next();
        stray.map_or(Ok(()), |digest| {
            Err(corrupt(format!(
                "the inventory lists {digest}, which belongs to no artifact"
            )))
        })
    }

    /// The full reference of everything that has one.
    fn names(&self) -> Result<Names> {
        let mut names = HashMap::new();
        for artifact in &self.inventory.artifacts {
            let tags = artifact.tags.iter().map(|tag| (tag, artifact.digest));
            let beside = artifact.referrers.iter();
            let beside = beside.filter_map(|it| Some((it.tag.as_ref()?, it.digest)));
            for (tag, digest) in tags.chain(beside) {
                let name = format!("{}:{tag}", artifact.source);
                match names.insert(name.clone(), digest) {
                    Some(other) if other != digest => {
                        let message = format!(
                            "the inventory gives the name {name} to {other} and to {digest}"
                        );
                        return Err(corrupt(message));
                    }
                    _ => {}
                }
            }
        }
        Ok(names)
    }
}
