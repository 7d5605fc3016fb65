//! What is known of a target, as it is gathered and asked.

use std::collections::BTreeMap;

use transship_oci::{Artifact, Digest, Repository, Result, Tag};

use super::{Held, HeldTag, Holding, RECEIPT_TYPE, Receipt, Taken};

/// What is known of a target. Receipts, scans and what was imported just now come together here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    repositories: BTreeMap<Repository, Room>,
    taken: BTreeMap<String, (u64, Digest)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Room {
    tags: BTreeMap<Tag, Digest>,
    manifests: BTreeMap<Digest, u64>,
    blobs: BTreeMap<Digest, u64>,
}

impl Holdings {
    /// What a receipt says.
    pub fn of(receipt: &Receipt) -> Self {
        let mut holdings = Self::default();
        for holding in &receipt.repositories {
            holdings.add(holding);
        }
        for taken in &receipt.taken {
            holdings.took(&taken.lineage, taken.sequence, taken.inventory);
        }
        holdings
    }

    /// Adds what is in a repository. What is said later of a tag is what counts.
    pub fn add(&mut self, holding: &Holding) {
        let room = self.room(&holding.repository);
        let pair = |held: &Held| (held.digest, held.size);
        room.manifests.extend(holding.manifests.iter().map(pair));
        room.blobs.extend(holding.blobs.iter().map(pair));
        let tags = holding.tags.iter().map(|it| (it.tag.clone(), it.digest));
        room.tags.extend(tags);
    }

    /// Adds an artifact that is in `repository` with everything that belongs to it, as after an import.
    pub fn add_artifact(&mut self, repository: &Repository, artifact: &Artifact) {
        let room = self.room(repository);
        let manifests = artifact.manifests.iter().map(|manifest| {
            let descriptor = manifest.descriptor();
            (descriptor.digest, descriptor.size)
        });
        room.manifests.extend(manifests);
        let blobs = artifact.blobs.iter().map(|blob| (blob.digest, blob.size));
        room.blobs.extend(blobs);
        let tags = artifact
            .tags
            .iter()
            .map(|tag| (tag.clone(), artifact.root.digest));
        room.tags.extend(tags);
        for (_, referrer) in &artifact.referrers {
            if let transship_oci::Tie::Tag(tag) = &referrer.tie {
                room.tags.insert(tag.clone(), referrer.descriptor.digest);
            }
        }
    }

    /// Adds that an archive was taken; only the latest of a lineage counts.
    pub fn took(&mut self, lineage: &str, sequence: u64, inventory: Digest) {
        let latest = self.taken.get(lineage).map(|(sequence, _)| *sequence);
        if latest.is_none_or(|latest| sequence >= latest) {
            self.taken.insert(lineage.to_owned(), (sequence, inventory));
        }
    }

    /// Is this blob in this repository, with this size?
    pub fn has_blob(&self, repository: &Repository, digest: &Digest, size: u64) -> bool {
        let room = self.repositories.get(repository);
        room.is_some_and(|room| room.blobs.get(digest) == Some(&size))
    }

    /// The repositories of one registry that have this blob with this size, by name.
    pub fn with_blob<'a>(
        &'a self,
        registry: &'a str,
        digest: &'a Digest,
        size: u64,
    ) -> impl Iterator<Item = &'a Repository> {
        self.repositories
            .iter()
            .filter(move |(repository, room)| {
                repository.registry() == registry && room.blobs.get(digest) == Some(&size)
            })
            .map(|(repository, _)| repository)
    }

    /// What a tag points at.
    pub fn tagged(&self, repository: &Repository, tag: &Tag) -> Option<Digest> {
        let room = self.repositories.get(repository)?;
        room.tags.get(tag).copied()
    }

    /// The receipt of it. `target` is the registry, with the prefix below which archives are imported.
    ///
    /// # Errors
    /// `Corrupt` when `generator` or `target` are no short text in one line, or when there is too much of it.
    pub fn receipt(&self, generator: &str, target: &str) -> Result<Receipt> {
        let repositories = self.repositories.iter().map(|(repository, room)| Holding {
            repository: repository.clone(),
            tags: room
                .tags
                .iter()
                .map(|(tag, digest)| HeldTag {
                    tag: tag.clone(),
                    digest: *digest,
                })
                .collect(),
            manifests: list(&room.manifests),
            blobs: list(&room.blobs),
        });
        let taken = self
            .taken
            .iter()
            .map(|(lineage, (sequence, inventory))| Taken {
                lineage: lineage.clone(),
                sequence: *sequence,
                inventory: *inventory,
            });
        let receipt = Receipt {
            schema_version: 1,
            media_type: RECEIPT_TYPE.to_owned(),
            generator: generator.to_owned(),
            target: target.to_owned(),
            taken: taken.collect(),
            repositories: repositories.collect(),
        };
        receipt.check()?;
        Ok(receipt)
    }

    fn room(&mut self, repository: &Repository) -> &mut Room {
        self.repositories.entry(repository.clone()).or_default()
    }
}

fn list(held: &BTreeMap<Digest, u64>) -> Vec<Held> {
    let pairs = held.iter();
    pairs
        .map(|(digest, size)| Held {
            digest: *digest,
            size: *size,
        })
        .collect()
}
