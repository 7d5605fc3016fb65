//! Publication at one target, once its blobs are there: children, the root by digest, what refers to them, a look back,
//! the gate's second word, and the tags last.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{Digest, Error, ErrorKind, Event, RawManifest, Result, Side, Sink, Tag};

use crate::{
    Job, admit,
    context::Run,
    diff::Diff,
    graph::{Edge, Graph},
    legacy::LegacyTag,
    once::Claim,
    order::{ranks, steps},
    read_back::{Lists, read_back},
    report::Moved,
};

/// Manifests put at once.
const AT_ONCE: usize = 32;

/// One artifact at one target.
pub(crate) struct Publication<'a> {
    run: &'a Run,
    job: &'a Job,
    graph: &'a Graph,
    sink: &'a Arc<dyn Sink>,
    diff: &'a Diff,
    /// The root and all that is below it: the artifact without what belongs to it.
    below: BTreeSet<Digest>,
}

impl<'a> Publication<'a> {
    pub(crate) fn new(
        run: &'a Run,
        job: &'a Job,
        graph: &'a Graph,
        sink: &'a Arc<dyn Sink>,
        diff: &'a Diff,
    ) -> Self {
        let below = graph.closure([graph.root]);
        Self {
            run,
            job,
            graph,
            sink,
            diff,
            below,
        }
    }

    /// Publishes. Every step begins only when the one before has ended well; the tags are the last.
    pub(crate) async fn publish(&self, moved: &mut Moved) -> Result<()> {
        let by_tag = self.by_tag();
        let by_digest = self
            .diff
            .manifests
            .iter()
            .filter(|digest| !by_tag.contains(digest));
        let by_digest: BTreeSet<Digest> = by_digest.copied().collect();
        for step in steps(self.graph, &by_digest)? {
            stream::iter(step)
                .map(Ok)
                .try_for_each_concurrent(AT_ONCE, |digest| self.put(digest))
                .await?;
        }
        for step in self.legacy_steps() {
            stream::iter(step)
                .map(Ok)
                .try_for_each_concurrent(AT_ONCE, |(node, tags)| self.tag(node, tags))
                .await?;
        }
        admit::look_afresh(self.run, self.sink.as_ref());
        let mut seen = Lists::new();
        if self.put_beside() && !self.diff.expected.is_empty() {
            seen = read_back(self.sink, &self.diff.expected).await?;
            self.run.tell(&Event::ReadBack {
                target: self.sink.location().to_string(),
                digest: self.graph.root,
                referrers: self.diff.expected.len() as u64,
            });
        }
        admit::before_tags(self.run, self.job, self.graph, self.sink.as_ref(), seen).await?;
        if !self.diff.tags.is_empty() {
            self.tag(self.graph.root, self.diff.tags.clone()).await?;
        }
        moved.manifests = self.diff.manifests.len() as u64;
        moved.referrers = self.diff.manifests.difference(&self.below).count() as u64;
        Ok(())
    }

    /// Was anything put that somebody must be able to find beside its subject?
    fn put_beside(&self) -> bool {
        !self.diff.manifests.is_empty() || !self.diff.legacy.is_empty()
    }

    /// Manifests that are put together with their tag, in one request: the root if nothing belongs beside it and
    /// nobody wants to see it first, and signature manifests that nothing else needs to be there first.
    fn by_tag(&self) -> BTreeSet<Digest> {
        let edges = &self.graph.edges;
        let subjects: BTreeSet<Digest> = edges.iter().map(|edge| edge.subject).collect();
        let mut by_tag = BTreeSet::new();
        let at_once = self.diff.expected.is_empty() && !self.run.gate.looks();
        if !self.diff.tags.is_empty() && at_once {
            by_tag.insert(self.graph.root);
        }
        let children: BTreeSet<Digest> = self
            .graph
            .nodes
            .keys()
            .flat_map(|digest| self.graph.below(digest))
            .collect();
        let referring: BTreeSet<Digest> = edges
            .iter()
            .filter(|edge| edge.is_subject())
            .map(Edge::digest)
            .collect();
        for LegacyTag { node, .. } in &self.diff.legacy {
            let needed = children.contains(node) || referring.contains(node);
            if *node != self.graph.root && !needed && !subjects.contains(node) {
                by_tag.insert(*node);
            }
        }
        by_tag
    }

    /// Signature tags, those of signatures before those of what they sign: whoever sees one finds beside it what
    /// belongs to it in turn.
    fn legacy_steps(&self) -> Vec<Vec<(Digest, Vec<Tag>)>> {
        let nodes = self.diff.legacy.iter().map(|legacy| legacy.node).collect();
        let ranks = ranks(self.graph, &nodes);
        let mut steps: BTreeMap<usize, BTreeMap<Digest, Vec<Tag>>> = BTreeMap::new();
        for LegacyTag { node, tag, .. } in &self.diff.legacy {
            let rank = ranks.get(node).copied().unwrap_or_default();
            let step = steps.entry(rank).or_default();
            step.entry(*node).or_default().push(tag.clone());
        }
        let steps = steps.into_values();
        steps.map(|nodes| nodes.into_iter().collect()).collect()
    }

    /// Puts one manifest by digest, unless another artifact of the run has done it or is doing it.
    async fn put(&self, digest: Digest) -> Result<()> {
        let at = self.sink.location();
        let lead = loop {
            match self.run.manifests.claim(at, &digest) {
                Claim::Done => return Ok(()),
                Claim::Lead(lead) => break lead,
                Claim::Wait(mut wait) => {
                    // An error says that the leader is gone, whichever way.
                    let _ = wait.changed().await;
                }
            }
        };
        let manifest = self.manifest(&digest).await?;
        self.sink.put_manifest(&manifest).await.map_err(|error| {
            error
                .op(format!("put manifest {digest}"))
                .on(Side::Target)
                .at(at)
        })?;
        lead.done(transship_oci::Placed::Sent(0));
        self.run.tell(&Event::ManifestPut {
            target: at.to_string(),
            digest,
            role: self.role(&digest),
        });
        Ok(())
    }

    fn role(&self, digest: &Digest) -> &'static str {
        if *digest == self.graph.root {
            "root"
        } else if self.below.contains(digest) {
            "child"
        } else {
            "referrer"
        }
    }

    async fn tag(&self, node: Digest, tags: Vec<Tag>) -> Result<()> {
        let manifest = self.manifest(&node).await?;
        let at = self.sink.location();
        self.sink.tag(&tags, &manifest).await.map_err(|error| {
            let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
            error
                .op(format!("tag {}", names.join(", ")))
                .on(Side::Target)
                .at(at)
        })?;
        for tag in tags {
            self.run.tell(&Event::Tagged {
                target: format!("{at}:{tag}"),
                digest: node,
            });
        }
        Ok(())
    }

    /// The bytes of a manifest: as read by the walk, else from the target that has it.
    async fn manifest(&self, digest: &Digest) -> Result<RawManifest> {
        if let Some(content) = self.graph.content(digest) {
            return Ok(content.manifest.clone());
        }
        let Some(node) = self.graph.nodes.get(digest) else {
            let message = format!("manifest {digest} was never looked at");
            return Err(Error::new(ErrorKind::Internal, message));
        };
        match self.sink.manifest(&node.descriptor).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.job.source.manifest(&node.descriptor).await
            }
            other => other,
        }
    }
}
