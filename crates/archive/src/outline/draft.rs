//! Outlines until one holds.
//!
//! Where volumes have a size, the head limits what a body may hold, and what the bodies hold stands in the head: so an
//! outline is drafted for a guess of the head's length, until the guess was enough.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use transship_oci::{Artifact, Descriptor, Digest, Error, ErrorKind, RawManifest, Result};

use super::{
    Outline, OutlineOptions, Sealed,
    cargo::Cargo,
    head::{self, Front},
    invalid, record,
    volume::VolumeOutline,
};
use crate::{
    Inventory,
    inventory::MAX_VOLUMES,
    reader::{MAX_HEAD, within},
    tar::write,
    volumes::{self, Hold},
};

/// The first guess of what seals take.
const SEALS: u64 = 16 * 1024;
/// What is added to a guess that was not enough.
const SLACK: u64 = 4 * 1024;
/// A volume with less room than this beside its head is a mistake.
const MIN_ROOM: u64 = 64 * 1024;
/// What the checksums of a volume take: of the end of one blob and the beginning of another.
const CHECKSUMS: u64 = 1024;
/// Each guess is larger than the one before it; nothing real takes more than a few.
const TRIES: usize = 32;

type Seal<'a> = &'a dyn Fn(&RawManifest) -> Result<Vec<Sealed>>;

pub(super) fn settle(
    artifacts: &[Artifact],
    options: &OutlineOptions,
    cargo: &Cargo,
    seal: Seal<'_>,
) -> Result<Outline> {
    let Some(volume_size) = options.volume_size else {
        let holds = volumes::single(&cargo.loads());
        let mut draft = Draft::of(&holds, artifacts, options, cargo)?;
        draft.seal(seal)?;
        return draft.outline();
    };
    let mut guess = SEALS;
    for _ in 0..TRIES {
        let room = room(volume_size, guess)?;
        let holds = volumes::stow(&cargo.loads(), &cargo.needs, room);
        check_count(holds.len(), volume_size)?;
        let mut draft = Draft::of(&holds, artifacts, options, cargo)?;
        let bare = draft.head_len()?;
        if bare + SEALS > guess {
            guess = bare + SEALS + SLACK;
            continue;
        }
        draft.seal(seal)?;
        let sealed = draft.head_len()?;
        if sealed <= guess {
            return draft.outline();
        }
        guess = sealed + SLACK;
    }
    Err(Error::new(
        ErrorKind::Internal,
        "no outline holds for volumes of this size",
    ))
}

/// What a body may hold beside a head of `head` bytes.
fn room(volume_size: u64, head: u64) -> Result<u64> {
    let rest = volume_size.checked_sub(head + CHECKSUMS + write::END.len() as u64);
    let room = rest.unwrap_or(0) / write::BLOCK * write::BLOCK;
    if room < MIN_ROOM {
        return Err(invalid(format!(
            "volumes of {volume_size} bytes are too small beside a head of {head}, which each of them carries"
        ))
        .hinting("give a larger --volume-size, or export fewer artifacts at once"));
    }
    Ok(room)
}

fn check_count(count: usize, volume_size: u64) -> Result<()> {
    if count > MAX_VOLUMES {
        return Err(invalid(format!(
            "{count} volumes of {volume_size} bytes are more than the limit of {MAX_VOLUMES}"
        ))
        .hinting("give a larger --volume-size"));
    }
    Ok(())
}

/// Will a reader take it? What it refuses in the archives of others must not be written.
fn check_readable(head: u64, artifacts: &[Artifact], inventory: &Inventory) -> Result<()> {
    const HINT: &str = "export fewer artifacts at once";
    if head > MAX_HEAD {
        let message = format!("a head of {head} bytes is over the limit of {MAX_HEAD}");
        return Err(invalid(message).hinting(HINT));
    }
    let mut steps = 0_usize;
    let mut counts: HashMap<Digest, usize> = HashMap::new();
    let listed = inventory.blobs.iter();
    let pieces: HashMap<Digest, usize> = listed
        .map(|blob| (blob.digest, blob.pieces.len()))
        .collect();
    for artifact in artifacts {
        let blobs = artifact.blobs.iter();
        let cut: usize = blobs.filter_map(|blob| pieces.get(&blob.digest)).sum();
        steps = steps.saturating_add(1 + artifact.referrers.len() + cut);
        for manifest in &artifact.manifests {
            let count = match counts.get(&manifest.digest()) {
                Some(count) => *count,
                None => entries(manifest)?,
            };
            counts.insert(manifest.digest(), count);
            steps = steps.saturating_add(count);
        }
        within(steps).map_err(|cause| {
            invalid("these artifacts make no archive")
                .because(cause)
                .hinting(HINT)
        })?;
    }
    Ok(())
}

/// How much a manifest names.
fn entries(manifest: &RawManifest) -> Result<usize> {
    let children = manifest.children()?;
    Ok(children.manifests.len() + children.blobs.len() + children.foreign.len())
}

/// An outline that may still turn out to be too large.
struct Draft<'a> {
    artifacts: &'a [Artifact],
    options: &'a OutlineOptions,
    cargo: &'a Cargo,
    volumes: Vec<VolumeOutline>,
    /// The blobs in the order of the stream.
    blobs: Vec<Descriptor>,
    inventory: Inventory,
    json: Vec<u8>,
    manifest: RawManifest,
    seals: Vec<Sealed>,
}

impl<'a> Draft<'a> {
    fn of(
        holds: &[Hold],
        artifacts: &'a [Artifact],
        options: &'a OutlineOptions,
        cargo: &'a Cargo,
    ) -> Result<Self> {
        let mut order = vec![usize::MAX; cargo.blobs.len()];
        let mut blobs = Vec::new();
        for slice in holds.iter().flat_map(|hold| &hold.slices) {
            if order[slice.blob] == usize::MAX {
                order[slice.blob] = blobs.len();
                blobs.push(cargo.blobs[slice.blob].clone());
            }
        }
        let loads = cargo.loads();
        let volumes: Vec<_> = holds
            .iter()
            .map(|hold| VolumeOutline::of(hold, &loads, &order))
            .collect();
        let inventory = record::inventory(artifacts, options, cargo, &blobs, &volumes);
        inventory
            .check()
            .map_err(|cause| invalid("these artifacts make no archive").because(cause))?;
        let json = inventory.to_json()?;
        let manifest = head::inventory_manifest(&json, options)?;
        Ok(Self {
            artifacts,
            options,
            cargo,
            volumes,
            blobs,
            inventory,
            json,
            manifest,
            seals: Vec::new(),
        })
    }

    fn seal(&mut self, seal: Seal<'_>) -> Result<()> {
        self.seals = seal(&self.manifest)?;
        Ok(())
    }

    /// Makes the heads and says how long the longest is.
    fn head_len(&mut self) -> Result<u64> {
        let inventory = (&self.manifest, self.json.as_slice());
        let shared = head::shared(inventory, &self.seals, self.options, self.cargo)?;
        let fronts: Vec<_> = (0..self.volumes.len())
            .map(|volume| self.front(volume, shared.len() as u64))
            .collect::<Result<_>>()?;
        for (volume, front) in self.volumes.iter_mut().zip(fronts) {
            volume.set_head(front, shared.clone());
        }
        let lengths = self.volumes.iter().map(VolumeOutline::head_len);
        Ok(lengths.max().unwrap_or(0))
    }

    fn front(&self, volume: usize, shared: u64) -> Result<Bytes> {
        let whole = self.volumes[volume].stowed().iter().filter(|it| !it.part);
        let here: HashSet<Digest> = whole.map(|it| self.blobs[it.blob].digest).collect();
        let is_complete = |needs: &[usize]| {
            let mut digests = needs.iter().map(|blob| self.cargo.blobs[*blob].digest);
            digests.all(|digest| here.contains(&digest))
        };
        let complete: Vec<_> = self
            .artifacts
            .iter()
            .zip(&self.cargo.needs)
            .filter(|(_, needs)| is_complete(needs))
            .map(|(artifact, _)| artifact)
            .collect();
        let front = Front {
            complete: &complete,
            cargo: self.cargo,
            inventory: &self.manifest,
            seals: &self.seals,
            volume: (volume + 1, self.volumes.len()),
        };
        let here = |digest: &Digest| here.contains(digest) || self.cargo.in_head(digest);
        front.tar(here, shared)
    }

    fn outline(mut self) -> Result<Outline> {
        let head = self.head_len()?;
        check_readable(head, self.artifacts, &self.inventory)?;
        Ok(Outline {
            inventory: self.inventory,
            inventory_manifest: self.manifest,
            manifests: self.cargo.manifests.clone(),
            referrers: self.cargo.referrers.clone(),
            blobs: self.blobs,
            volumes: self.volumes,
        })
    }
}
