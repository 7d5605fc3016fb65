//! An archive as what another is made of: split, joined, or made whole.

use std::collections::{BTreeMap, HashSet};

use transship_oci::{Artifact, Descriptor, Reference, Referrer, Tie};

use super::{archive::Archive, closure::Closure};
use crate::{
    inventory::Carried,
    outline::{Lineage, OutlineOptions, TrustMaterial},
};

impl Archive {
    /// Its artifacts in hand, as whoever outlines another archive of them needs them. Where a volume is missing this is all
    /// the same everything that was meant: see [`Archive::whole`].
    pub fn artifacts(&self) -> Vec<Artifact> {
        let carried = self.inventory().artifacts.iter();
        carried.map(|carried| self.artifact(carried)).collect()
    }

    /// One of its artifacts in hand.
    pub fn artifact(&self, carried: &Carried) -> Artifact {
        let closure = Closure::of(carried, &self.head.manifests);
        let own: HashSet<_> = closure
            .manifests
            .iter()
            .map(|it| it.manifest.digest())
            .collect();
        let order = self.inventory().manifests.iter();
        let nodes = order.filter_map(|listed| {
            let node = self.head.manifests.get(&listed.digest)?;
            own.contains(&listed.digest).then_some(node)
        });
        let mut seen = HashSet::new();
        let (mut manifests, mut blobs, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
        let mut root = None;
        for node in nodes {
            let children = &node.children;
            if node.manifest.digest() == carried.digest {
                root = Some(node.manifest.descriptor().clone());
            }
            manifests.push(node.manifest.clone());
            let new = |blob: &&Descriptor| seen.insert(blob.digest);
            let named = children.blobs.iter().chain(&children.foreign);
            for blob in named.filter(new) {
                let left_out = carried.foreign.contains(&blob.digest);
                if left_out { &mut foreign } else { &mut blobs }.push(blob.clone());
            }
        }
        let tag = carried.tags.first().cloned();
        Artifact {
            reference: Reference {
                repository: carried.source.clone(),
                digest: tag.is_none().then_some(carried.digest),
                tag,
            },
            tags: carried.tags.clone(),
            root: root.unwrap_or_else(|| Descriptor::new("", carried.digest, 0)),
            manifests,
            referrers: self.referrers(carried),
            blobs,
            foreign,
        }
    }

    fn referrers(&self, carried: &Carried) -> Vec<(transship_oci::Digest, Referrer)> {
        let owned = carried.referrers.iter();
        let referrers = owned.filter_map(|ownership| {
            let node = self.head.manifests.get(&ownership.digest)?;
            let tie = ownership.tag.clone().map_or(Tie::Subject, Tie::Tag);
            let descriptor = node.listed();
            Some((ownership.subject, Referrer { descriptor, tie }))
        });
        referrers.collect()
    }

    /// The options by which the same artifacts make an archive that says the same of itself: lineage, targets, trust
    /// material and prerequisites are taken over, and the volumes are left to the caller. Whatever is changed, the
    /// inventory is another and has to be signed again.
    pub fn options(&self) -> OutlineOptions {
        let inventory = self.inventory();
        let targets = inventory.artifacts.iter().filter_map(|carried| {
            let target = carried.target.clone()?;
            Some((carried.source.clone(), target))
        });
        let trust = inventory.trust.iter().filter_map(|file| {
            let bytes = self.trust_file(&file.name)?;
            Some(TrustMaterial {
                name: file.name.clone(),
                bytes,
            })
        });
        let lineage = inventory.lineage.clone().zip(inventory.sequence);
        OutlineOptions {
            generator: inventory.generator.clone(),
            lineage: lineage.map(|(name, sequence)| Lineage {
                name,
                sequence,
                predecessor: inventory.predecessor,
            }),
            tag_policy: inventory.tag_policy,
            targets: targets.collect::<BTreeMap<_, _>>(),
            prerequisites: inventory.prerequisites.iter().map(|it| it.digest).collect(),
            trust: trust.collect(),
            volume_size: None,
        }
    }
}
