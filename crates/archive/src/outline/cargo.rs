//! What is to be carried: manifests and blobs, each once, whoever of the artifacts needs them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use transship_oci::{
    Artifact, Descriptor, Digest, Error, ErrorKind, RawManifest, Referrer, Result, Tie,
};

use super::{OutlineOptions, empty};
use crate::volumes::Load;

/// The content of an archive.
pub(super) struct Cargo {
    pub(super) manifests: Vec<RawManifest>,
    pub(super) referrers: Vec<(Digest, Referrer)>,
    /// Small things first, then layers in the order of first use.
    pub(super) blobs: Vec<Descriptor>,
    /// The blobs that each artifact needs, by number.
    pub(super) needs: Vec<Vec<usize>>,
    pub(super) prerequisites: Vec<Descriptor>,
    numbers: HashMap<Digest, usize>,
    /// The place of each manifest.
    by_digest: HashMap<Digest, usize>,
    /// What lies in the head, with its size.
    heads: HashMap<Digest, u64>,
}

impl Cargo {
    pub(super) fn of(artifacts: &[Artifact], options: &OutlineOptions) -> Result<Self> {
        check_tags(artifacts)?;
        let manifests = manifests(artifacts);
        let mut heads: HashMap<Digest, u64> = manifests
            .iter()
            .map(|manifest| (manifest.digest(), manifest.descriptor().size))
            .collect();
        heads.insert(empty().0.digest, 2);
        for file in &options.trust {
            heads.insert(Digest::sha256(&file.bytes), file.bytes.len() as u64);
        }
        let mut sorter = Sorter {
            options,
            heads,
            seen: HashMap::new(),
            prerequisites: Vec::new(),
            small: Vec::new(),
            layers: Vec::new(),
        };
        for artifact in artifacts {
            sorter.add(artifact)?;
        }
        let blobs: Vec<_> = sorter.small.into_iter().chain(sorter.layers).collect();
        let numbers = blobs.iter().enumerate();
        let numbers = numbers
            .map(|(number, blob)| (blob.digest, number))
            .collect();
        let by_digest = manifests.iter().enumerate();
        let by_digest = by_digest.map(|(at, it)| (it.digest(), at)).collect();
        let mut cargo = Self {
            manifests,
            by_digest,
            heads: sorter.heads,
            referrers: referrers(artifacts),
            blobs,
            needs: Vec::new(),
            prerequisites: sorter.prerequisites,
            numbers,
        };
        cargo.needs = artifacts.iter().map(|it| cargo.needed(it)).collect();
        Ok(cargo)
    }

    fn needed(&self, artifact: &Artifact) -> Vec<usize> {
        let digests = artifact.blobs.iter().map(|blob| blob.digest);
        digests
            .filter_map(|digest| self.numbers.get(&digest).copied())
            .collect()
    }

    pub(super) fn number(&self, digest: &Digest) -> Option<usize> {
        self.numbers.get(digest).copied()
    }

    /// Does a blob lie in the head rather than in a body?
    pub(super) fn in_head(&self, digest: &Digest) -> bool {
        self.heads.contains_key(digest)
    }

    pub(super) fn manifest(&self, digest: &Digest) -> Option<&RawManifest> {
        self.by_digest.get(digest).map(|at| &self.manifests[*at])
    }

    pub(super) fn loads(&self) -> Vec<Load> {
        let loads = self.blobs.iter().map(|blob| Load {
            digest: blob.digest,
            size: blob.size,
        });
        loads.collect()
    }
}

fn manifests(artifacts: &[Artifact]) -> Vec<RawManifest> {
    let mut seen = HashSet::new();
    let all = artifacts.iter().flat_map(|artifact| &artifact.manifests);
    all.filter(|manifest| seen.insert(manifest.digest()))
        .cloned()
        .collect()
}

fn referrers(artifacts: &[Artifact]) -> Vec<(Digest, Referrer)> {
    let mut seen = HashSet::new();
    let all = artifacts.iter().flat_map(|artifact| &artifact.referrers);
    // What belongs to something by its subject and by a tag is listed in both ways.
    let tag = |referrer: &Referrer| match &referrer.tie {
        Tie::Tag(tag) => Some(tag.clone()),
        Tie::Subject => None,
    };
    all.filter(|(subject, it)| seen.insert((*subject, it.descriptor.digest, tag(it))))
        .cloned()
        .collect()
}

/// Two artifacts under one name would be one artifact to whoever reads the archive, and which is chance.
fn check_tags(artifacts: &[Artifact]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for artifact in artifacts {
        for tag in &artifact.tags {
            let repository = &artifact.reference.repository;
            let root = artifact.root.digest;
            let before = *seen.entry((repository, tag)).or_insert(root);
            if before != root {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!("{repository}:{tag} is {before} and {root} at once"),
                )
                .hinting("export one of the two under another tag"));
            }
        }
    }
    Ok(())
}

/// Sorts blobs by where they go.
struct Sorter<'a> {
    options: &'a OutlineOptions,
    /// What lies in the head, with its size.
    heads: HashMap<Digest, u64>,
    seen: HashMap<Digest, u64>,
    prerequisites: Vec<Descriptor>,
    small: Vec<Descriptor>,
    layers: Vec<Descriptor>,
}

impl Sorter<'_> {
    fn add(&mut self, artifact: &Artifact) -> Result<()> {
        let small = small(artifact);
        for blob in &artifact.blobs {
            let (digest, size) = (blob.digest, blob.size);
            let seen = self.heads.get(&digest).or_else(|| self.seen.get(&digest));
            match seen {
                Some(known) if *known != size => return Err(contradiction(&digest, *known, size)),
                Some(_) => continue,
                None => self.seen.insert(digest, size),
            };
            let place = if self.options.prerequisites.contains(&digest) {
                &mut self.prerequisites
            } else if small.contains(&digest) {
                &mut self.small
            } else {
                &mut self.layers
            };
            place.push(Descriptor::new(&blob.media_type, digest, size));
        }
        Ok(())
    }
}

fn contradiction(digest: &Digest, one: u64, other: u64) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("blob {digest} has {one} bytes to one manifest and {other} to another"),
    )
}

/// What is read before any layer: configurations, and everything that evidence is made of.
fn small(artifact: &Artifact) -> HashSet<Digest> {
    #[derive(Deserialize)]
    struct Config {
        config: Option<Descriptor>,
    }
    let referrers = artifact.referrers.iter();
    let evidence: HashSet<_> = referrers.map(|(_, it)| it.descriptor.digest).collect();
    let mut small = HashSet::new();
    for manifest in &artifact.manifests {
        if evidence.contains(&manifest.digest()) {
            let blobs = manifest.children().map(|children| children.blobs);
            small.extend(blobs.into_iter().flatten().map(|blob| blob.digest));
        } else if let Ok(Config {
            config: Some(config),
        }) = serde_json::from_slice(manifest.bytes())
        {
            small.insert(config.digest);
        }
    }
    small
}
