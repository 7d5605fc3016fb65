//! Every byte of an archive against what it must be.
//!
//! All but the content of blobs follows from the inventory, so it is compared; blobs are hashed. What is damaged does not
//! stop the look at the rest.

use std::{collections::HashMap, fmt};

use transship_oci::{Algorithm, Digest, Hasher, Result};

use super::{
    archive::{Archive, Shared, Slot},
    reading::Reading,
    volume::Volume,
};
use crate::{
    inventory::{Blob, Carried, Piece},
    layout::CHECKSUMS,
    tar::write::{self, END},
};

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The volume is missing, or its head is damaged: nothing in it was looked at. The reason.
    Volume(String),
    /// Its header is not the one that was written.
    Header,
    /// There is something behind its end.
    Filling,
    /// The bytes of the blob hash to something else.
    Content(Digest),
    /// The bytes of a part do not have the checksum that the volume gives for it: it is this volume that is damaged.
    Part,
    /// All parts have their checksums, and the blob hashes to something else: the checksums were changed with it.
    Parts(Digest),
    /// The checksums are not in the form that is written.
    Checksums,
    /// The tar does not end as it should.
    End,
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In which volume, from 1.
    pub volume: u32,
    /// Where the volume is, if that is known.
    pub place: Option<String>,
    /// The path of the member; none for a volume as a whole.
    pub member: Option<String>,
    /// Where in the volume the member's content begins.
    pub offset: Option<u64>,
    /// The blob that is damaged, for those who ask what it costs: [`Archive::using`].
    pub blob: Option<Digest>,
    /// What is wrong.
    pub wrong: Wrong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "volume {}", self.volume)?;
        if let Some(place) = &self.place {
            write!(f, " ({place})")?;
        }
        let member = self.member.as_deref().unwrap_or("the tar");
        match &self.wrong {
            Wrong::Volume(reason) => write!(f, ": {reason}"),
            Wrong::Header => write!(f, ": the header of {member} was changed"),
            Wrong::Filling => write!(f, ": something stands behind {member}"),
            Wrong::Content(found) => write!(f, ": {member} hashes to {found}"),
            Wrong::Part => write!(f, ": {member} does not have its checksum"),
            Wrong::Parts(found) => write!(
                f,
                ": {member} has its checksum, but all parts together hash to {found}"
            ),
            Wrong::Checksums => write!(f, ": {member} are not of the form that is written"),
            Wrong::End => f.write_str(": the tar does not end as it should"),
        }
    }
}

impl Archive {
    /// Reads every volume that is there from end to end and hashes every blob. `progress` is told the bytes as they are
    /// read. Volumes that are lost are faults too. An empty list means that every byte is as it was written.
    ///
    /// # Errors
    /// When a store stops answering, which says nothing about the archive.
    pub async fn verify(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<Vec<Fault>> {
        let mut look = Look {
            shared: &self.head,
            progress,
            hashes: HashMap::new(),
            faults: Vec::new(),
        };
        for (slot, number) in self.head.volumes.iter().zip(1..) {
            match slot {
                Slot::Here(volume) => look.volume(volume).await?,
                Slot::Lost(place, error) => look.faults.push(Fault {
                    volume: number,
                    place: place.clone(),
                    member: None,
                    offset: None,
                    blob: None,
                    wrong: Wrong::Volume(error.to_string()),
                }),
            }
        }
        Ok(look.faults)
    }

    /// The artifacts that need a blob.
    pub fn using(&self, blob: &Digest) -> Vec<&Carried> {
        let artifacts = self.inventory().artifacts.iter();
        let needs = |artifact: &&Carried| {
            let closure = super::closure::Closure::of(artifact, &self.head.manifests);
            let mut blobs = closure.blobs.iter().chain(&closure.foreign);
            blobs.any(|it| it.digest == *blob)
        };
        artifacts.filter(needs).collect()
    }
}

struct Look<'a> {
    shared: &'a Shared,
    progress: &'a (dyn Fn(u64) + Sync),
    /// Blobs that go on in another volume: how many parts were hashed, and whether all had their checksums.
    hashes: HashMap<Digest, Cut>,
    faults: Vec<Fault>,
}

struct Cut {
    hasher: Hasher,
    parts: usize,
    sound: bool,
}

/// A piece of a blob in a volume.
struct Part<'a> {
    blob: &'a Blob,
    number: usize,
    piece: &'a Piece,
    path: String,
}

impl Look<'_> {
    async fn volume(&mut self, volume: &Volume) -> Result<()> {
        let mut reading = Reading::new(&volume.object, volume.head);
        let mut sums = Vec::new();
        for part in parts(self.shared, volume.number) {
            let sum = self.part(volume, &mut reading, &part).await?;
            if part.blob.pieces.len() > 1 {
                sums.push((part, sum));
            }
        }
        if !sums.is_empty() {
            self.checksums(volume, &mut reading, &sums).await?;
        }
        if !reading.is(&END).await? || reading.at() != volume.object.size() {
            self.fault(volume, None, Wrong::End);
        }
        Ok(())
    }

    /// Header, content and filling of one piece. Returns the checksum of a part.
    async fn part(
        &mut self,
        volume: &Volume,
        reading: &mut Reading<'_>,
        part: &Part<'_>,
    ) -> Result<Digest> {
        let Part {
            blob,
            number,
            piece,
            path,
        } = part;
        if !reading.is(&write::header(path, piece.size)).await? {
            self.fault(volume, Some(part), Wrong::Header);
        }
        let digest = blob.digest;
        let cut = blob.pieces.len() > 1;
        let mut whole = self
            .hashes
            .remove(&digest)
            .filter(|cut| cut.parts == *number);
        if *number == 0 {
            let hasher = Hasher::new(digest.algorithm());
            whole = Some(Cut {
                hasher,
                parts: 0,
                sound: true,
            });
        }
        let mut own = Hasher::new(Algorithm::Sha256);
        let progress = self.progress;
        let all = reading
            .pass(piece.size, |bytes| {
                if cut {
                    own.update(bytes);
                }
                if let Some(whole) = &mut whole {
                    whole.hasher.update(bytes);
                }
                progress(bytes.len() as u64);
            })
            .await?;
        if let Some(mut whole) = whole {
            whole.parts += 1;
            if whole.parts == blob.pieces.len() && !cut {
                let found = whole.hasher.finish();
                if !all || found != digest {
                    self.fault(volume, Some(part), Wrong::Content(found));
                }
            } else {
                self.hashes.insert(digest, whole);
            }
        }
        if !reading.is(&vec![0; write::padding(piece.size)]).await? {
            self.fault(volume, Some(part), Wrong::Filling);
        }
        Ok(own.finish())
    }

    /// The list at the end of a volume, against what its parts hash to. Only then is it known whose fault it is that a
    /// blob does not hash to its digest.
    async fn checksums(
        &mut self,
        volume: &Volume,
        reading: &mut Reading<'_>,
        sums: &[(Part<'_>, Digest)],
    ) -> Result<()> {
        let length: u64 = sums
            .iter()
            .map(|(part, _)| part.path.len() as u64 + 67)
            .sum();
        let mut list = list_of(volume);
        if !reading.is(&write::header(CHECKSUMS, length)).await? {
            list.wrong = Wrong::Header;
            self.faults.push(list.clone());
        }
        for (part, sum) in sums {
            let mut line = Vec::new();
            reading
                .pass(part.path.len() as u64 + 67, |bytes| {
                    line.extend_from_slice(bytes);
                })
                .await?;
            if !line.ends_with(format!("  {}\n", part.path).as_bytes()) {
                list.wrong = Wrong::Checksums;
                self.faults.push(list.clone());
            } else if !line.starts_with(sum.hex().as_bytes()) {
                self.fault(volume, Some(part), Wrong::Part);
                if let Some(cut) = self.hashes.get_mut(&part.blob.digest) {
                    cut.sound = false;
                }
            }
            self.settle(volume, part);
        }
        if !reading.is(&vec![0; write::padding(length)]).await? {
            list.wrong = Wrong::Filling;
            self.faults.push(list);
        }
        Ok(())
    }

    /// After the last part: is the whole what it must be?
    fn settle(&mut self, volume: &Volume, part: &Part<'_>) {
        let digest = part.blob.digest;
        let done = self
            .hashes
            .get(&digest)
            .is_some_and(|cut| cut.parts == part.blob.pieces.len());
        let Some(cut) = done.then(|| self.hashes.remove(&digest)).flatten() else {
            return;
        };
        let found = cut.hasher.finish();
        if found != digest && cut.sound {
            self.fault(volume, Some(part), Wrong::Parts(found));
        }
    }

    fn fault(&mut self, volume: &Volume, part: Option<&Part<'_>>, wrong: Wrong) {
        self.faults.push(Fault {
            volume: volume.number,
            place: Some(volume.object.at().to_owned()),
            member: part.map(|part| part.path.clone()),
            offset: part.map(|part| volume.head + part.piece.offset),
            blob: part.map(|part| part.blob.digest),
            wrong,
        });
    }
}

/// The list of checksums at the end of a volume.
fn list_of(volume: &Volume) -> Fault {
    Fault {
        volume: volume.number,
        place: Some(volume.object.at().to_owned()),
        member: Some(CHECKSUMS.to_owned()),
        offset: None,
        blob: None,
        wrong: Wrong::Checksums,
    }
}

/// The pieces of a volume in the order in which they lie there.
fn parts(shared: &Shared, volume: u32) -> Vec<Part<'_>> {
    let blobs = shared.inventory.blobs.iter();
    let pieces = blobs.flat_map(|blob| {
        let pieces = blob.pieces.iter().enumerate();
        pieces.map(move |(number, piece)| Part {
            blob,
            number,
            piece,
            path: blob.path(number),
        })
    });
    pieces.filter(|part| part.piece.volume == volume).collect()
}
