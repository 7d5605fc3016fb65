//! The graph of one artifact: its manifests, and everything that belongs to any of them.

use std::collections::{BTreeMap, BTreeSet};

use transship_oci::{
    Children, Descriptor, Digest, Error, RawManifest, Reference, Referrer, Result, Tag, Tie,
    Walked, media_type,
};

/// A manifest that was read, and what it points at.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) manifest: RawManifest,
    /// Manifests below it.
    pub(crate) manifests: Vec<Descriptor>,
    /// Blobs of its repository.
    pub(crate) blobs: Vec<Descriptor>,
    /// Layers whose bytes may live elsewhere.
    pub(crate) foreign: Vec<Descriptor>,
    pub(crate) subject: Option<Digest>,
}

impl Content {
    pub(crate) fn read(manifest: RawManifest) -> Result<Self> {
        let Children {
            manifests,
            mut blobs,
            mut foreign,
            subject,
            ..
        } = manifest.children()?;
        // An index may list blobs: build caches are stored as an index of layers.
        let (manifests, others): (Vec<_>, Vec<_>) =
            manifests.into_iter().partition(is_manifest_entry);
        for other in others {
            let list = if other.is_foreign() {
                &mut foreign
            } else {
                &mut blobs
            };
            list.push(other);
        }
        Ok(Self {
            manifest,
            manifests,
            blobs,
            foreign,
            subject: subject.map(|subject| subject.digest),
        })
    }
}

/// Does an index mean a manifest by this entry? One of no type, or of a type that is refused later by name, included.
fn is_manifest_entry(entry: &Descriptor) -> bool {
    let kind = entry.media_type.as_str();
    kind.is_empty()
        || media_type::is_manifest(kind)
        || matches!(
            kind,
            media_type::DOCKER_SCHEMA1 | media_type::DOCKER_SCHEMA1_SIGNED
        )
}

/// One manifest of the graph.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) descriptor: Descriptor,
    /// Not read where every target has it and nothing below it needs a look.
    pub(crate) content: Option<Content>,
    /// Steps from the root.
    pub(crate) depth: usize,
    /// Which targets are known to have it, with all that is below it.
    pub(crate) present: Vec<bool>,
}

/// That one manifest belongs to another.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) subject: Digest,
    pub(crate) referrer: Referrer,
    /// Which targets list it just so.
    pub(crate) listed: Vec<bool>,
}

impl Edge {
    pub(crate) fn digest(&self) -> Digest {
        self.referrer.descriptor.digest
    }

    pub(crate) fn is_subject(&self) -> bool {
        self.referrer.tie == Tie::Subject
    }

    /// The tag that ties it, for one that is tied by a tag.
    pub(crate) fn tag(&self) -> Option<&Tag> {
        match &self.referrer.tie {
            Tie::Tag(tag) => Some(tag),
            Tie::Subject => None,
        }
    }
}

/// The whole.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) root: Digest,
    pub(crate) nodes: BTreeMap<Digest, Node>,
    pub(crate) edges: Vec<Edge>,
    /// Targets that could not say what they have.
    pub(crate) lost: Vec<Option<Error>>,
    /// Manifests that the source speaks of without holding them, and that no target has.
    pub(crate) missing: Vec<Descriptor>,
}

impl Graph {
    /// A graph of which nothing is known but its root, and who has it.
    pub(crate) fn bare(root: &Descriptor, present: Vec<bool>) -> Self {
        let node = Node {
            descriptor: root.clone(),
            content: None,
            depth: 0,
            present,
        };
        Self {
            root: root.digest,
            nodes: BTreeMap::from([(root.digest, node)]),
            edges: Vec::new(),
            lost: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub(crate) fn content(&self, digest: &Digest) -> Option<&Content> {
        self.nodes.get(digest)?.content.as_ref()
    }

    /// The manifests directly below one.
    pub(crate) fn below<'a>(&'a self, digest: &Digest) -> impl Iterator<Item = Digest> + use<'a> {
        self.content(digest)
            .into_iter()
            .flat_map(|content| &content.manifests)
            .map(|child| child.digest)
    }

    /// Everything that can be reached from `from` downwards, itself included.
    pub(crate) fn closure(&self, from: impl IntoIterator<Item = Digest>) -> BTreeSet<Digest> {
        self.reach(from, |_| false)
    }

    /// Everything that can be reached from `from` downwards and along those edges that `along` takes.
    pub(crate) fn reach(
        &self,
        from: impl IntoIterator<Item = Digest>,
        along: impl Fn(&Edge) -> bool,
    ) -> BTreeSet<Digest> {
        let mut belongings: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
        for edge in self.edges.iter().filter(|edge| along(edge)) {
            belongings
                .entry(edge.subject)
                .or_default()
                .push(edge.digest());
        }
        let mut seen = BTreeSet::new();
        let mut todo: Vec<Digest> = from.into_iter().collect();
        while let Some(digest) = todo.pop() {
            if self.nodes.contains_key(&digest) && seen.insert(digest) {
                todo.extend(self.below(&digest));
                todo.extend(belongings.get(&digest).into_iter().flatten());
            }
        }
        seen
    }

    /// What a gate is shown: the artifact, what is below it, and everything that belongs to any of that.
    pub(crate) fn walked(&self, root: &Descriptor, reference: Option<Reference>) -> Walked {
        let below = self.closure([root.digest]);
        let below = below.iter().filter(|digest| **digest != root.digest);
        let edges = self.edges.iter();
        Walked {
            reference,
            root: root.clone(),
            children: below
                .filter_map(|digest| Some(self.nodes.get(digest)?.descriptor.clone()))
                .collect(),
            referrers: edges
                .map(|edge| (edge.subject, edge.referrer.clone()))
                .collect(),
        }
    }
}
