//! The difference: what one target lacks of a graph.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Presence, Result, Side, Sink, Source, Tag,
};

use crate::{
    TagAction,
    artifact::two_sizes,
    context::Run,
    graph::{Edge, Graph},
    legacy::{Decision, LegacyTag, decide},
    look::Standing,
};

/// Signature tags looked up at once.
const AT_ONCE: usize = 16;

/// How much is asked and how much is taken for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// What belongs to a manifest that is absent is taken to be absent; sending a small blob again costs no more than
    /// asking for it.
    Thrifty,
    /// Every piece that may be sent is asked for, so that the bytes are known.
    Exact,
    /// Every piece is asked for, even below manifests that are there.
    Recheck,
}

/// What one target lacks.
#[derive(Debug, Default)]
pub(crate) struct Diff {
    /// Manifests to put.
    pub(crate) manifests: BTreeSet<Digest>,
    /// Blobs to place.
    pub(crate) blobs: BTreeMap<Digest, Descriptor>,
    /// Signature tags to write.
    pub(crate) legacy: Vec<LegacyTag>,
    /// Everything that must be seen beside its subject before a tag is published, where anything is put.
    pub(crate) expected: Vec<Expected>,
    /// Tags of the artifact to set.
    pub(crate) tags: Vec<Tag>,
}

/// One thing that a reader of the target must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) subject: Digest,
    pub(crate) referrer: Digest,
    /// The tag that must point at it, for one tied by a tag.
    pub(crate) tag: Option<Tag>,
}

impl Diff {
    pub(crate) fn is_empty(&self) -> bool {
        self.manifests.is_empty()
            && self.blobs.is_empty()
            && self.legacy.is_empty()
            && self.tags.is_empty()
    }
}

/// Finds out what a target lacks.
pub(crate) struct Differ<'a> {
    pub(crate) run: &'a Run,
    pub(crate) graph: &'a Graph,
    pub(crate) source: &'a Arc<dyn Source>,
    pub(crate) sink: &'a Arc<dyn Sink>,
    /// Which column of the graph's tables is the target's.
    pub(crate) site: usize,
    pub(crate) probe: Probe,
    /// The target was asked for the root and has it not.
    pub(crate) rootless: bool,
}

impl Differ<'_> {
    pub(crate) async fn diff(&self, standing: &Standing) -> Result<Diff> {
        let present = self.present().await?;
        let mut diff = Diff::default();
        let mut left = BTreeSet::new();
        for (edge, decision) in self.legacy().await? {
            match decision {
                Decision::Keep => {}
                Decision::Write(tag) => diff.legacy.push(tag),
                Decision::Leave(theirs) => {
                    left.insert((edge.subject, edge.digest()));
                    diff.expected.push(expected(edge, theirs));
                }
            }
        }
        diff.legacy.sort_by(|a, b| a.tag.cmp(&b.tag));
        let is_left =
            |edge: &Edge| edge.tag().is_some() && left.contains(&(edge.subject, edge.digest()));
        let wanted = self.graph.reach([self.graph.root], |edge| !is_left(edge));
        let edges = || {
            let kept = |edge: &&Edge| wanted.contains(&edge.subject) && !is_left(edge);
            self.graph.edges.iter().filter(kept)
        };
        let unlisted = edges().filter(|edge| edge.is_subject() && !self.listed(edge));
        let absent = wanted.iter().filter(|digest| !present.contains(digest));
        diff.manifests = absent.copied().chain(unlisted.map(Edge::digest)).collect();
        diff.blobs = self.blobs(&wanted, &present).await?;
        diff.expected
            .extend(edges().map(|edge| expected(edge, edge.digest())));
        diff.tags = standing
            .actions(self.graph.root, self.run.options.move_tags)
            .filter(|(_, action, _)| *action != TagAction::Unchanged)
            .map(|(tag, _, _)| tag.clone())
            .collect();
        Ok(diff)
    }

    fn listed(&self, edge: &Edge) -> bool {
        edge.listed.get(self.site).copied().unwrap_or(false)
    }

    /// Which manifests are there.
    async fn present(&self) -> Result<BTreeSet<Digest>> {
        let nodes = self.graph.nodes.iter();
        let at = self.sink.location();
        let known: BTreeSet<Digest> = nodes
            .clone()
            .filter(|(digest, node)| {
                let trusted = self.probe != Probe::Recheck && node.present[self.site];
                trusted || self.run.manifests.knows(at, digest)
            })
            .map(|(digest, _)| *digest)
            .collect();
        let below = self.graph.closure([self.graph.root]);
        let asked: Vec<Descriptor> = nodes
            .filter(|(digest, _)| match self.probe {
                Probe::Thrifty => **digest != self.graph.root && below.contains(digest),
                Probe::Exact | Probe::Recheck => true,
            })
            .filter(|(digest, _)| !known.contains(digest))
            .filter(|(digest, _)| !self.rootless || **digest != self.graph.root)
            .map(|(_, node)| node.descriptor.clone())
            .collect();
        let found = self.ask(asked).await?;
        let found = found.into_iter().map(|node| node.digest);
        if self.probe == Probe::Recheck {
            return Ok(known.into_iter().chain(found).collect());
        }
        // What is known to be there was put with what is below it. What was just found there need not have been: each
        // piece below it was asked for as well, and the answers stand.
        Ok(self.graph.closure(known).into_iter().chain(found).collect())
    }

    /// Those of the nodes that are there.
    async fn ask(&self, nodes: Vec<Descriptor>) -> Result<Vec<Descriptor>> {
        if nodes.is_empty() {
            return Ok(nodes);
        }
        let presence = self.sink.have(&nodes).await.map_err(|error| {
            error
                .op("ask what is there")
                .on(Side::Target)
                .at(self.sink.location())
        })?;
        let asked = nodes.into_iter().zip(presence);
        let there = asked.filter(|(_, presence)| *presence == Presence::Present);
        Ok(there.map(|(node, _)| node).collect())
    }

    /// What is to be done about each signature tag.
    async fn legacy(&self) -> Result<Vec<(&Edge, Decision)>> {
        let tied = self
            .graph
            .edges
            .iter()
            .filter_map(|edge| Some((edge, edge.tag()?)));
        let unlisted = tied.filter(|(edge, _)| !self.listed(edge));
        let decisions: Vec<_> = unlisted.map(|(edge, tag)| self.decide(edge, tag)).collect();
        stream::iter(decisions)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn decide<'a>(&'a self, edge: &'a Edge, tag: &'a Tag) -> Result<(&'a Edge, Decision)> {
        let ours = match self.graph.content(&edge.digest()) {
            Some(content) => content.manifest.clone(),
            // Not read because the target has it, though not under this tag.
            None => self.sink.manifest(&edge.referrer.descriptor).await?,
        };
        let decision = decide(tag, &ours, self.sink, self.run.options.move_tags).await?;
        Ok((edge, decision))
    }

    /// The blobs to place.
    async fn blobs(
        &self,
        wanted: &BTreeSet<Digest>,
        present: &BTreeSet<Digest>,
    ) -> Result<BTreeMap<Digest, Descriptor>> {
        let mut blobs = BTreeMap::new();
        for digest in wanted {
            if self.probe != Probe::Recheck && present.contains(digest) {
                continue;
            }
            let Some(content) = self.graph.content(digest) else {
                return Err(self.unread(digest));
            };
            let foreign = content
                .foreign
                .iter()
                .filter(|_| self.run.options.include_foreign);
            for blob in content.blobs.iter().chain(foreign) {
                let known: &mut Descriptor =
                    blobs.entry(blob.digest).or_insert_with(|| blob.clone());
                if known.size != blob.size {
                    return Err(two_sizes(blob, known.size).on(Side::Source));
                }
            }
        }
        blobs.retain(|digest, _| !self.run.blobs.knows(self.sink.location(), digest));
        let doubtful = |blob: &&Descriptor| self.probe != Probe::Thrifty || self.source.lacks(blob);
        let asked = blobs.values().filter(doubtful).cloned().collect();
        for there in self.ask(asked).await? {
            blobs.remove(&there.digest);
            if self.source.lacks(&there) {
                // Where it is missing in another repository of the registry, it can be had from here.
                self.run.blobs.note(self.sink.location(), &there.digest);
            }
        }
        Ok(blobs)
    }

    fn unread(&self, digest: &Digest) -> Error {
        Error::new(
            ErrorKind::Internal,
            format!("manifest {digest} is needed and was not read"),
        )
        .at(self.sink.location())
    }
}

fn expected(edge: &Edge, referrer: Digest) -> Expected {
    Expected {
        subject: edge.subject,
        referrer,
        tag: edge.tag().cloned(),
    }
}
