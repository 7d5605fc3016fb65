//! What a missing volume costs.

use std::collections::HashSet;

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
        let slots = self.head.volumes.iter().zip(1..);
        let lost = slots.filter_map(|(slot, volume)| match slot {
            Slot::Here(_) => None,
            Slot::Lost(place, error) => Some(Lost {
                volume,
                place: place.as_deref(),
                error,
                artifacts: self.needing(volume),
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

    fn needing(&self, volume: u32) -> Vec<&Carried> {
        let blobs = self.inventory().blobs.iter();
        let there = blobs.filter(|blob| blob.pieces.iter().any(|piece| piece.volume == volume));
        let there: HashSet<Digest> = there.map(|blob| blob.digest).collect();
        let needs = |artifact: &&Carried| {
            let closure = Closure::of(artifact, &self.head.manifests);
            let mut blobs = closure.blobs.iter().chain(&closure.foreign);
            blobs.any(|blob| there.contains(&blob.digest))
        };
        self.inventory().artifacts.iter().filter(needs).collect()
    }
}
