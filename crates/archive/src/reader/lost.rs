//! What a missing volume costs.

use std::collections::{BTreeSet, HashMap};

use transship_oci::{Digest, Error};

use super::{
    archive::{Archive, Slot},
    closure::Closure,
};
use crate::inventory::Carried;

/// A volume that is missing or damaged.
#[derive(Debug)]
pub struct Lost<'a> {
    /// Which, from 1.
    pub volume: u32,
    /// Where it was looked for, if its name is known.
    pub place: Option<&'a str>,
    /// What is wrong with it.
    pub error: &'a Error,
    /// The artifacts that cannot be had without it.
    pub artifacts: Vec<&'a Carried>,
}

impl Archive {
    /// The volumes that are missing or damaged, with what each of them costs. Empty for an archive that is whole.
    pub fn lost(&self) -> Vec<Lost<'_>> {
        let mut costs = self.costs();
        let slots = self.head.volumes.iter().zip(1..);
        let lost = slots.filter_map(|(slot, volume)| match slot {
            Slot::Here(_) => None,
            Slot::Lost(place, error) => Some(Lost {
                volume,
                place: place.as_deref(),
                error,
                artifacts: costs.remove(&volume).unwrap_or_default(),
            }),
        });
        lost.collect()
    }

    /// The artifacts that can be had with the volumes that are there, in the order of the inventory.
    pub fn whole(&self) -> impl Iterator<Item = &Carried> {
        let artifacts = self.inventory().artifacts.iter();
        artifacts.filter(|artifact| {
            let closure = Closure::of(artifact, &self.head.manifests);
            let mut blobs = closure.blobs.iter().chain(&closure.foreign);
            blobs.all(|blob| self.head.lost(&blob.digest).is_empty())
        })
    }

    /// For each volume that is lost, the artifacts that need it. One pass over all: a small file can claim thousands of
    /// volumes that are not there.
    fn costs(&self) -> HashMap<u32, Vec<&Carried>> {
        let blobs = self.inventory().blobs.iter();
        let gone = blobs.map(|blob| (blob.digest, self.head.lost(&blob.digest)));
        let gone: HashMap<Digest, BTreeSet<u32>> =
            gone.filter(|(_, volumes)| !volumes.is_empty()).collect();
        let mut costs: HashMap<u32, Vec<&Carried>> = HashMap::new();
        if gone.is_empty() {
            return costs;
        }
        for artifact in &self.inventory().artifacts {
            let closure = Closure::of(artifact, &self.head.manifests);
            let blobs = closure.blobs.iter().chain(&closure.foreign);
            let volumes = blobs.filter_map(|blob| gone.get(&blob.digest)).flatten();
            for volume in volumes.copied().collect::<BTreeSet<u32>>() {
                costs.entry(volume).or_default().push(artifact);
            }
        }
        costs
    }
}
