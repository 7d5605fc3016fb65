//! What one archive has that another has not.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use transship_oci::Digest;

use super::{archive::Archive, inspect::Total};

/// How an archive differs from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Artifacts that only the later one has.
    pub added: Vec<Named>,
    /// Artifacts that only the earlier one has.
    pub removed: Vec<Named>,
    /// Names that stand for something else now.
    pub moved: Vec<Moved>,
    /// Artifacts that are the same in both, evidence included.
    pub same: u64,
    /// Artifacts whose root is the same, but not what belongs to it.
    pub evidence: Vec<EvidenceChange>,
    /// Blobs that only the later one carries.
    pub blobs_added: Total,
    /// Blobs that only the earlier one carries.
    pub blobs_removed: Total,
    /// Blobs that both carry.
    pub blobs_same: Total,
}

/// An artifact under a name: `registry/repository:tag`, or `registry/repository@digest` for one without tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Its root.
    pub digest: Digest,
}

/// A name that stands for something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The name.
    pub name: String,
    /// For what it stood.
    pub from: Digest,
    /// For what it stands.
    pub to: Digest,
}

/// What belongs to an artifact now, and did before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceChange {
    /// The name.
    pub name: String,
    /// What belongs to it in the later one only.
    pub added: Vec<Digest>,
    /// What belonged to it in the earlier one only.
    pub removed: Vec<Digest>,
}

impl Archive {
    /// How this archive differs from an earlier one. Reads nothing: all of it is known.
    pub fn since(&self, earlier: &Self) -> Difference {
        let (new, old) = (names(self), names(earlier));
        let mut difference = Difference::default();
        for (name, (digest, evidence)) in &new {
            match old.get(name) {
                None => difference.added.push(named(name, *digest)),
                Some((from, _)) if from != digest => difference.moved.push(Moved {
                    name: name.clone(),
                    from: *from,
                    to: *digest,
                }),
                Some((_, before)) if before == evidence => difference.same += 1,
                Some((_, before)) => difference.evidence.push(EvidenceChange {
                    name: name.clone(),
                    added: evidence
                        .iter()
                        .filter(|it| !before.contains(it))
                        .copied()
                        .collect(),
                    removed: before
                        .iter()
                        .filter(|it| !evidence.contains(it))
                        .copied()
                        .collect(),
                }),
            }
        }
        let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
        difference.removed = gone
            .map(|(name, (digest, _))| named(name, *digest))
            .collect();
        let (new, old) = (blobs(self), blobs(earlier));
        let sizes = |blobs: &HashMap<Digest, u64>, pick: &dyn Fn(&Digest) -> bool| {
            let picked = blobs.iter().filter(|(digest, _)| pick(digest));
            Total::of(picked.map(|(_, size)| *size))
        };
        difference.blobs_added = sizes(&new, &|digest| !old.contains_key(digest));
        difference.blobs_removed = sizes(&old, &|digest| !new.contains_key(digest));
        difference.blobs_same = sizes(&new, &|digest| old.contains_key(digest));
        difference
    }
}

fn named(name: &str, digest: Digest) -> Named {
    Named {
        name: name.to_owned(),
        digest,
    }
}

/// Every name with its root and what belongs to it, in order.
fn names(archive: &Archive) -> BTreeMap<String, (Digest, Vec<Digest>)> {
    let mut names = BTreeMap::new();
    for carried in &archive.inventory().artifacts {
        let evidence: HashSet<Digest> = carried.referrers.iter().map(|it| it.digest).collect();
        let mut evidence: Vec<Digest> = evidence.into_iter().collect();
        evidence.sort_unstable();
        let tags = carried.tags.iter();
        let mut own: Vec<String> = tags
            .map(|tag| format!("{}:{tag}", carried.source))
            .collect();
        if own.is_empty() {
            own.push(format!("{}@{}", carried.source, carried.digest));
        }
        for name in own {
            names.insert(name, (carried.digest, evidence.clone()));
        }
    }
    names
}

fn blobs(archive: &Archive) -> HashMap<Digest, u64> {
    let blobs = archive.inventory().blobs.iter();
    blobs.map(|blob| (blob.digest, blob.size)).collect()
}
