//! An archive of ours that can be read.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{
    ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Referrer, Repository, Result,
    Source, Tie,
};

use super::{
    head::{Head, corrupt},
    volume::{self, Volume},
};
use crate::{
    inventory::{self, Inventory, Piece},
    layout::{parse_volume_key, volume_key},
    repository::{Contents, HeldRepository, Manifests, Places},
    store::Store,
};

/// How many heads are read at once.
const AT_ONCE: usize = 4;

/// An archive whose head was read and checked, and whose volumes are known.
///
/// Manifests are in memory; blobs are read by ranges when they are asked for. Every reading is of the same object as the
/// first: one that was replaced under its name is refused.
#[derive(Debug)]
pub struct Archive {
    at: String,
    digest: Digest,
    pub(super) head: Arc<Shared>,
    sealed: Arc<HeldRepository>,
    seals: u64,
    repositories: BTreeMap<Repository, Arc<HeldRepository>>,
}

/// What the sources of an archive share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) at: String,
    pub(super) inventory: Inventory,
    pub(super) manifests: Arc<Manifests>,
    content: HashMap<Digest, Bytes>,
    /// Place of each blob in the inventory.
    blobs: HashMap<Digest, usize>,
    wanted: HashSet<Digest>,
    pub(super) volumes: Vec<Slot>,
}

/// A volume of the set, or why it is not there.
#[derive(Debug)]
pub(super) enum Slot {
    Here(Volume),
    /// Where it was looked for, and what was wrong.
    Lost(Option<String>, Error),
}

impl Archive {
    /// Opens an archive in a store. For a volume of a set, the others are looked for beside it by their names.
    ///
    /// # Errors
    /// `NotFound` when no volume is there; `Corrupt` when none can be used; `Unsupported` for what another tool wrote. A set
    /// of which some volumes are missing or damaged can be opened: see [`Archive::lost`].
    pub async fn open(store: Arc<dyn Store>, key: &str) -> Result<Self> {
        let keys = match parse_volume_key(key) {
            Some((whole, _, of)) => (1..=of)
                .map(|volume| volume_key(&whole, volume, of))
                .collect(),
            None => vec![key.to_owned()],
        };
        let keys = keys.into_iter().map(|key| (Arc::clone(&store), key));
        Self::of_volumes(keys.collect()).await
    }

    /// Opens an archive whose volumes lie in several stores, such as several sticks, in any order.
    ///
    /// # Errors
    /// As [`Archive::open`]; `Invalid` when volumes of different archives are given.
    pub async fn of_volumes(files: Vec<(Arc<dyn Store>, String)>) -> Result<Self> {
        let places: Vec<String> = files
            .iter()
            .map(|(store, key)| super::object::place(store.location(), key))
            .collect();
        let heads: Vec<_> = files
            .into_iter()
            .map(|(store, key)| volume::open(store, key).boxed())
            .collect();
        // One head is kept: a set has thousands of volumes, and each repeats it.
        let mut opened = stream::iter(heads).buffered(AT_ONCE);
        let (mut here, mut lost, mut first) = (Vec::new(), Vec::new(), None::<Head>);
        for place in &places {
            let Some(opened) = opened.next().await else {
                break;
            };
            match opened {
                Ok((volume, head)) => match &first {
                    Some(first) if first.digest() != head.digest() => {
                        return Err(another(place, first, &head));
                    }
                    known => {
                        here.push(volume);
                        if known.is_none() {
                            first = Some(head);
                        }
                    }
                },
                Err(error) => lost.push((place.clone(), error)),
            }
        }
        match first {
            Some(head) => Self::assemble(head, here, lost),
            None => Err(lost.into_iter().next().map_or_else(
                || Error::new(ErrorKind::Invalid, "no volume was named"),
                |(_, error)| error,
            )),
        }
    }

    fn assemble(head: Head, here: Vec<Volume>, lost: Vec<(String, Error)>) -> Result<Self> {
        let (at, digest) = (here[0].object.at().to_owned(), head.digest());
        let volumes = slots(head.inventory.volumes.len(), here, lost)?;
        let Head {
            artifact,
            inventory,
            seals,
            manifests,
            content,
            ..
        } = head;
        let indices = inventory.blobs.iter().enumerate();
        let shared = Arc::new(Shared {
            at: at.clone(),
            blobs: indices.map(|(at, blob)| (blob.digest, at)).collect(),
            wanted: inventory.prerequisites.iter().map(|it| it.digest).collect(),
            manifests: Arc::new(manifests),
            inventory,
            content,
            volumes,
        });
        let root = artifact.manifest.digest();
        let mut own = Manifests::default();
        own.add(artifact);
        let mut contents = Contents {
            roots: vec![root],
            ..Contents::default()
        };
        let count = seals.len() as u64;
        for seal in seals {
            contents.roots.push(seal.manifest.digest());
            own.add(seal);
        }
        let places: Arc<dyn Places> = Arc::clone(&shared) as _;
        let none = HashMap::new();
        let location = Location::Local(at.clone());
        let sealed = HeldRepository::new(location, Arc::new(own), places, contents, &none);
        Ok(Self {
            at,
            digest,
            repositories: repositories(&shared),
            head: shared,
            sealed: Arc::new(sealed),
            seals: count,
        })
    }

    /// Where it is, for people; of a set, the first volume that was found.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// What it holds.
    pub fn inventory(&self) -> &Inventory {
        &self.head.inventory
    }

    /// The digest of the inventory's manifest: what is signed, what a person compares, and what a successor names.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The inventory as an artifact with what belongs to it: its signatures are judged like those of any other.
    pub fn inventory_source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.sealed) as _
    }

    /// How many signatures of the inventory there are.
    pub(super) fn seals(&self) -> u64 {
        self.seals
    }

    /// The repositories that its artifacts were read from.
    pub fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.keys()
    }

    /// One of them, under its original name, so that a policy means the same here as it does there.
    pub fn repository(&self, name: &Repository) -> Option<Arc<dyn Source>> {
        let found = self.repositories.get(name)?;
        Some(Arc::clone(found) as _)
    }

    /// Removes what was read from its stores, volume by volume, and returns what was removed, for people.
    ///
    /// # Errors
    /// `Drift` when another object took the name meanwhile: that one stays, and so does what comes after it.
    pub async fn remove(&self) -> Result<Vec<String>> {
        let mut removed = Vec::new();
        for slot in &self.head.volumes {
            if let Slot::Here(volume) = slot {
                volume.object.remove().await?;
                removed.push(volume.object.at().to_owned());
            }
        }
        Ok(removed)
    }

    /// The bytes of a file of trust material that travels along. That it travels along does not make it trusted.
    pub fn trust_file(&self, name: &str) -> Option<Bytes> {
        let file = self
            .inventory()
            .trust
            .iter()
            .find(|file| file.name == name)?;
        self.head.content.get(&file.digest).cloned()
    }
}

/// Puts volumes in their places.
fn slots(count: usize, here: Vec<Volume>, lost: Vec<(String, Error)>) -> Result<Vec<Slot>> {
    let mut slots: Vec<Option<Slot>> = (0..count).map(|_| None).collect();
    for volume in here {
        let number = volume.number;
        let slot = slots.get_mut(number as usize - 1);
        let slot = slot.ok_or_else(|| corrupt(format!("there is no volume {number}")))?;
        // The same volume twice, perhaps under two names: one will do.
        slot.get_or_insert(Slot::Here(volume));
    }
    // Which volume a file was meant to be is known from its name only.
    for (place, error) in lost {
        let named = parse_volume_key(&place);
        let slot = named.and_then(|(_, volume, _)| slots.get_mut(volume as usize - 1));
        if let Some(slot) = slot {
            slot.get_or_insert(Slot::Lost(Some(place), error));
        }
    }
    let fill = |slot: Option<Slot>| {
        slot.unwrap_or_else(|| {
            Slot::Lost(None, Error::new(ErrorKind::NotFound, "it was not given"))
        })
    };
    Ok(slots.into_iter().map(fill).collect())
}

fn repositories(shared: &Arc<Shared>) -> BTreeMap<Repository, Arc<HeldRepository>> {
    let mut rooms: BTreeMap<Repository, Contents> = BTreeMap::new();
    for artifact in &shared.inventory.artifacts {
        let room = rooms.entry(artifact.source.clone()).or_default();
        room.roots.push(artifact.digest);
        room.tags.extend(
            artifact
                .tags
                .iter()
                .map(|tag| (tag.clone(), artifact.digest)),
        );
        for ownership in &artifact.referrers {
            let Some(node) = shared.manifests.get(&ownership.digest) else {
                continue;
            };
            let tie = ownership.tag.clone().map_or(Tie::Subject, Tie::Tag);
            let descriptor = node.listed();
            room.tie(ownership.subject, Referrer { descriptor, tie });
        }
    }
    let none = HashMap::new();
    let held = |(name, contents): (Repository, Contents)| {
        let (manifests, places) = (Arc::clone(&shared.manifests), Arc::clone(shared));
        let location = Location::Registry(name.clone());
        let held = HeldRepository::new(location, manifests, places, contents, &none);
        (name, Arc::new(held))
    };
    rooms.into_iter().map(held).collect()
}

fn another(place: &str, first: &Head, other: &Head) -> Error {
    let message = format!(
        "{place} is of archive {}, the volume before it of archive {}",
        other.digest(),
        first.digest()
    );
    Error::new(ErrorKind::Invalid, message)
}

impl Shared {
    /// Is it left out because the target is said to have it?
    pub(super) fn is_wanted(&self, digest: &Digest) -> bool {
        self.wanted.contains(digest)
    }

    pub(super) fn blob(&self, digest: &Digest) -> Option<&inventory::Blob> {
        self.blobs.get(digest).map(|at| &self.inventory.blobs[*at])
    }

    /// The volumes that a blob needs and that are not there.
    pub(super) fn lost(&self, blob: &Digest) -> BTreeSet<u32> {
        let pieces = self.blob(blob).into_iter().flat_map(|blob| &blob.pieces);
        let volumes = pieces.map(|piece| piece.volume);
        volumes
            .filter(|volume| self.volume(*volume).is_err())
            .collect()
    }

    pub(super) fn volume(&self, number: u32) -> Result<&Volume> {
        match self.volumes.get(number as usize - 1) {
            Some(Slot::Here(volume)) => Ok(volume),
            Some(Slot::Lost(place, error)) => {
                let place = place.as_deref().map(|place| format!(" ({place})"));
                let message = format!(
                    "volume {number}{} cannot be read",
                    place.unwrap_or_default()
                );
                Err(Error::new(error.kind(), message).because(error.share()))
            }
            None => Err(corrupt(format!("there is no volume {number}"))),
        }
    }

    async fn piece(&self, piece: &Piece, from: u64) -> Result<ByteStream> {
        let volume = self.volume(piece.volume)?;
        let start = volume.head + piece.offset;
        volume.object.stream(start + from..start + piece.size).await
    }
}

#[async_trait]
impl Places for Shared {
    fn at(&self) -> &str {
        &self.at
    }

    fn lacks(&self, node: &Digest) -> bool {
        self.wanted.contains(node)
    }

    async fn open(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let digest = &node.digest;
        if let Some(bytes) = self.content.get(digest) {
            let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
            return Ok(stream::iter([Ok(bytes.slice(from..))]).boxed());
        }
        let Some(blob) = self.blob(digest) else {
            return Err(self.not_carried(digest));
        };
        let mut parts = Vec::new();
        let mut start = 0;
        for piece in &blob.pieces {
            let skip = from.saturating_sub(start);
            start += piece.size;
            if skip < piece.size {
                parts.push((piece.clone(), skip));
            }
        }
        // The first is opened now, so that what is wrong with it is told now; each other when its turn comes.
        let mut parts = parts.into_iter();
        let Some((piece, skip)) = parts.next() else {
            return Ok(stream::empty().boxed());
        };
        let first = self.piece(&piece, skip).await?;
        let volumes: Vec<_> = parts
            .map(|(piece, _)| {
                let volume = self.volume(piece.volume)?;
                let start = volume.head + piece.offset;
                Ok((volume.object.clone(), start..start + piece.size))
            })
            .collect::<Result<_>>()?;
        let rest = stream::iter(volumes)
            .then(|(object, range)| async move { object.stream(range).await })
            .try_flatten();
        Ok(first.chain(rest).boxed())
    }
}

impl Shared {
    fn not_carried(&self, digest: &Digest) -> Error {
        if self.wanted.contains(digest) {
            let message = format!(
                "blob {digest} is not carried: the archive counts on the target to have it"
            );
            return Error::new(ErrorKind::NotFound, message);
        }
        Error::new(
            ErrorKind::NotFound,
            format!("blob {digest} is not in the archive"),
        )
    }
}
