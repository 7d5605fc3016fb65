//! What belongs to one artifact of an archive.

use std::collections::{HashMap, HashSet};

use transship_oci::{Descriptor, Digest};

use crate::{
    inventory::Carried,
    repository::{Manifests, Node},
};

/// Everything of one artifact, each once, in the order of the walk.
#[derive(Debug, Default)]
pub(crate) struct Closure<'a> {
    pub(crate) manifests: Vec<&'a Node>,
    pub(crate) blobs: Vec<&'a Descriptor>,
    pub(crate) foreign: Vec<&'a Descriptor>,
    /// Children of indexes that are not there.
    pub(crate) missing: Vec<(Digest, Digest)>,
    /// How much there was to look at, the same thing again included.
    pub(crate) steps: usize,
}

impl<'a> Closure<'a> {
    pub(crate) fn of(artifact: &Carried, manifests: &'a Manifests) -> Self {
        let mut beside: HashMap<Digest, Vec<Digest>> = HashMap::new();
        for referrer in &artifact.referrers {
            beside
                .entry(referrer.subject)
                .or_default()
                .push(referrer.digest);
        }
        let mut closure = Self::default();
        let (mut seen, mut named) = (HashSet::new(), HashSet::new());
        let mut ahead = vec![(artifact.digest, artifact.digest)];
        while let Some((parent, digest)) = ahead.pop() {
            closure.steps += 1;
            let Some(node) = manifests.get(&digest) else {
                closure.missing.push((parent, digest));
                continue;
            };
            if !seen.insert(digest) {
                continue;
            }
            closure.manifests.push(node);
            let children = &node.children;
            closure.steps += children.blobs.len() + children.foreign.len();
            let new = |blob: &&Descriptor| named.insert(blob.digest);
            closure.blobs.extend(children.blobs.iter().filter(new));
            closure.foreign.extend(&children.foreign);
            let below = children.manifests.iter().map(|child| child.digest);
            let beside = beside.get(&digest).into_iter().flatten().copied();
            ahead.extend(below.chain(beside).map(|next| (digest, next)));
        }
        closure
    }
}
