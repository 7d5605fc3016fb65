//! What a repository has, by looking.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream::FuturesUnordered};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Name, RawManifest, Repository, Result, Source, Tag,
};

use super::{Held, HeldTag, Holding};
use crate::inventory::MAX_ENTRIES;

/// Lookups in flight.
const AT_ONCE: usize = 16;

/// Looks what is in a repository: every tag, what is below it, and everything that refers to any of it. A repository that
/// is not there has nothing. What no tag leads to is not seen.
///
/// The blobs of a manifest are taken to be where it is, as registries see to when it is put; foreign layers are not.
/// Nothing but manifests is read.
///
/// # Errors
/// What the source says; `Corrupt` when there is more than a receipt can list.
pub async fn scan(repository: &Repository, source: &dyn Source) -> Result<Holding> {
    let mut scan = Scan {
        source,
        referrers: source.may_have_referrers().await?,
        tags: BTreeMap::new(),
        manifests: BTreeMap::new(),
        blobs: BTreeMap::new(),
    };
    scan.all()
        .await
        .map_err(|error| error.at(source.location()))?;
    let list = |held: BTreeMap<Digest, u64>| {
        let held = held.into_iter();
        held.map(|(digest, size)| Held { digest, size }).collect()
    };
    let tags = scan.tags.into_iter();
    Ok(Holding {
        repository: repository.clone(),
        tags: tags.map(|(tag, digest)| HeldTag { tag, digest }).collect(),
        manifests: list(scan.manifests),
        blobs: list(scan.blobs),
    })
}

struct Scan<'a> {
    source: &'a dyn Source,
    referrers: bool,
    tags: BTreeMap<Tag, Digest>,
    manifests: BTreeMap<Digest, u64>,
    blobs: BTreeMap<Digest, u64>,
}

/// Something to look at.
enum Visit {
    Tag(Tag),
    Node(Box<Descriptor>),
}

/// What was found there.
struct Found {
    tag: Option<Tag>,
    manifest: RawManifest,
    referrers: Vec<Descriptor>,
}

impl Scan<'_> {
    async fn all(&mut self) -> Result<()> {
        let tags = self.source.tags().take(MAX_ENTRIES + 1);
        let mut todo: Vec<_> = match tags.map_ok(Visit::Tag).try_collect().await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            tags => tags?,
        };
        let mut seen = BTreeSet::new();
        let mut flying = FuturesUnordered::new();
        loop {
            while flying.len() < AT_ONCE
                && let Some(visit) = todo.pop()
            {
                flying.push(visit_one(self.source, self.referrers, visit));
            }
            let Some(found) = flying.next().await else {
                return Ok(());
            };
            let Some(found) = found? else {
                continue;
            };
            let below = self.take_in(found)?;
            let new = below.into_iter().filter(|node| seen.insert(node.digest));
            todo.extend(new.map(Box::new).map(Visit::Node));
        }
    }

    /// Writes down what was found; returns the manifests that it leads to.
    fn take_in(&mut self, found: Found) -> Result<Vec<Descriptor>> {
        let Found {
            tag,
            manifest,
            mut referrers,
        } = found;
        let descriptor = manifest.descriptor();
        if let Some(tag) = tag {
            self.tags.insert(tag, descriptor.digest);
        }
        if self
            .manifests
            .insert(descriptor.digest, descriptor.size)
            .is_some()
        {
            return Ok(Vec::new());
        }
        // What cannot be read leads nowhere: it is there nevertheless.
        if let Ok(children) = manifest.children() {
            let blobs = children.blobs.iter().map(|blob| (blob.digest, blob.size));
            self.blobs.extend(blobs);
            referrers.extend(children.manifests);
        }
        let count = self.tags.len() + self.manifests.len() + self.blobs.len();
        if count > MAX_ENTRIES {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("there is more than a receipt can list, which is {MAX_ENTRIES} entries"),
            ));
        }
        Ok(referrers)
    }
}

/// Reads one manifest and asks what refers to it; `None` when it is not there: an index may list what was never copied,
/// and a tag may be gone by now.
async fn visit_one(source: &dyn Source, referrers: bool, visit: Visit) -> Result<Option<Found>> {
    let (tag, manifest) = match visit {
        Visit::Tag(tag) => {
            let manifest = source.fetch(&Name::Tag(tag.clone())).await;
            (Some(tag), manifest)
        }
        Visit::Node(node) => (None, source.manifest(&node).await),
    };
    let manifest = match manifest {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        manifest => manifest?,
    };
    let referrers = if referrers {
        source.referrers(&manifest.digest()).await?
    } else {
        Vec::new()
    };
    let referrers = referrers.into_iter().map(|referrer| referrer.descriptor);
    Ok(Some(Found {
        tag,
        manifest,
        referrers: referrers.collect(),
    }))
}
