//! The walk: from the root down to every manifest, and along everything that refers to any of them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use futures::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Name, RawManifest, Referrer, Result, Side, Sink, Source,
    media_type,
};

use crate::{
    Limits,
    graph::{Content, Edge, Graph, Node},
};

/// Lookups in flight for one artifact.
const AT_ONCE: usize = 32;
/// Bytes of manifests held for one artifact: one that has more is not an honest one.
const MAX_GRAPH_BYTES: u64 = 64 * 1024 * 1024;

/// Where a walk reads, and how much of it.
pub(crate) struct Walk<'a> {
    pub(crate) source: &'a Arc<dyn Source>,
    /// The targets that take part: what one of them has is read there, which costs no pull quota.
    pub(crate) sinks: &'a [Arc<dyn Sink>],
    /// Can there be referrers at all?
    pub(crate) referrers: bool,
    /// Read also what every target has.
    pub(crate) whole: bool,
    pub(crate) limits: Limits,
}

/// A manifest to look at.
pub(crate) struct Visit {
    pub(crate) descriptor: Descriptor,
    pub(crate) content: Option<RawManifest>,
    pub(crate) present: Vec<bool>,
    /// Ask what refers to it? Not for a root that nobody can know, because it was made here.
    pub(crate) referrers: bool,
    depth: usize,
}

impl Visit {
    pub(crate) fn root(descriptor: Descriptor, present: Vec<bool>) -> Self {
        Self {
            descriptor,
            content: None,
            present,
            referrers: true,
            depth: 0,
        }
    }
}

struct Visited {
    node: Node,
    edges: Vec<Edge>,
    lost: Vec<Option<Error>>,
}

impl Walk<'_> {
    /// Walks from `root`.
    ///
    /// # Errors
    /// When anything that belongs to the artifact cannot be read or listed, or there is too much of it.
    pub(crate) async fn from(&self, root: Visit) -> Result<Graph> {
        let mut graph = Graph {
            root: root.descriptor.digest,
            nodes: BTreeMap::new(),
            edges: Vec::new(),
            lost: self.sinks.iter().map(|_| None).collect(),
            missing: Vec::new(),
        };
        let mut seen = BTreeMap::from([(root.descriptor.digest, vec![false; self.sinks.len()])]);
        let mut todo = VecDeque::from([root]);
        let mut bytes = 0;
        let mut flying = FuturesUnordered::new();
        loop {
            while flying.len() < AT_ONCE
                && let Some(visit) = todo.pop_front()
            {
                flying.push(Box::pin(self.visit(visit)));
            }
            let Some(visited) = flying.next().await else {
                break;
            };
            let Visited { node, edges, lost } = visited?;
            bytes += node
                .content
                .as_ref()
                .map_or(0, |content| content.manifest.bytes().len() as u64);
            for next in self.next(&node, &edges)? {
                let digest = next.descriptor.digest;
                if let Some(present) = seen.get_mut(&digest) {
                    merge(present, &next.present);
                } else {
                    seen.insert(digest, next.present.clone());
                    todo.push_back(next);
                }
            }
            self.check(seen.len(), bytes)
                .map_err(|error| error.at(self.source.location()))?;
            graph.edges.extend(edges);
            graph.nodes.insert(node.descriptor.digest, node);
            for (all, one) in graph.lost.iter_mut().zip(lost) {
                *all = all.take().or(one);
            }
        }
        self.settle(&mut graph, &seen)?;
        let nodes = graph.nodes.values();
        let missing = nodes.filter(|node| self.is_missing(node));
        graph.missing = missing.map(|node| node.descriptor.clone()).collect();
        Ok(graph)
    }

    /// Takes in what came to be known after a node was visited, and brings all into an order of its own.
    fn settle(&self, graph: &mut Graph, seen: &BTreeMap<Digest, Vec<bool>>) -> Result<()> {
        for (digest, node) in &mut graph.nodes {
            if let Some(present) = seen.get(digest) {
                merge(&mut node.present, present);
            }
        }
        let claims = graph.edges.iter().filter(|edge| edge.is_subject());
        for edge in claims {
            if let Some(content) = graph.content(&edge.digest())
                && content.subject != Some(edge.subject)
            {
                return Err(phantom(edge).on(Side::Source).at(self.source.location()));
            }
        }
        let key = |edge: &Edge| (edge.subject, edge.digest(), edge.tag().cloned());
        graph.edges.sort_by_cached_key(key);
        graph.edges.dedup_by_key(|edge| key(edge));
        Ok(())
    }

    async fn visit(&self, visit: Visit) -> Result<Visited> {
        let mut present = visit.present;
        let digest = visit.descriptor.digest;
        let content = self.content(&visit.descriptor, visit.content, &mut present);
        let referrers = self.referrers(&digest, visit.referrers);
        let (content, referrers) = futures::try_join!(content, referrers)?;
        let (edges, lost) = self.edges(digest, referrers, &present).await;
        let descriptor = match &content {
            // What the source says of it is fuller than what an index says, where that leaves out the media type.
            Some(content) if visit.descriptor.media_type.is_empty() => {
                content.manifest.descriptor().clone()
            }
            _ => visit.descriptor,
        };
        let node = Node {
            descriptor,
            content,
            depth: visit.depth,
            present,
        };
        Ok(Visited { node, edges, lost })
    }

    /// Reads a manifest, unless nobody needs it: every target has it, and there is nothing below it to look at.
    async fn content(
        &self,
        node: &Descriptor,
        given: Option<RawManifest>,
        present: &mut [bool],
    ) -> Result<Option<Content>> {
        let held = !present.is_empty() && present.iter().all(|present| *present);
        let plain = !node.media_type.is_empty() && !media_type::is_index(&node.media_type);
        let manifest = match given {
            Some(manifest) => manifest,
            None if held && plain && !self.whole => return Ok(None),
            None if self.source.lacks(node) => match self.read_where_it_is(node).await? {
                Some(manifest) => manifest,
                None => return Ok(None),
            },
            None => self.read(node, present).await?,
        };
        Content::read(manifest)
            .map(Some)
            .map_err(|error| error.on(Side::Source))
    }

    async fn read(&self, node: &Descriptor, present: &mut [bool]) -> Result<RawManifest> {
        for (sink, present) in self.sinks.iter().zip(present) {
            if *present {
                match sink.manifest(node).await {
                    Ok(manifest) => return Ok(manifest),
                    // It lost what it had: it will be given that again.
                    Err(error) if error.kind() == ErrorKind::NotFound => *present = false,
                    // If the target is failing, it will say so where it matters.
                    Err(_) => {}
                }
            }
        }
        let read = if node.media_type.is_empty() {
            self.source.fetch(&Name::Digest(node.digest)).await
        } else {
            self.source.manifest(node).await
        };
        let blame = |error: Error| {
            error
                .op(format!("get manifest {}", node.digest))
                .on(Side::Source)
                .at(self.source.location())
        };
        let manifest = read.map_err(blame)?;
        if manifest.digest() != node.digest {
            let message = format!("manifest {} was given in its place", manifest.digest());
            return Err(blame(Error::new(ErrorKind::DigestMismatch, message)));
        }
        Ok(manifest)
    }

    /// Reads what the source lacks from the first target that has it.
    async fn read_where_it_is(&self, node: &Descriptor) -> Result<Option<RawManifest>> {
        for sink in self.sinks {
            match sink.manifest(node).await {
                Ok(manifest) => return Ok(Some(manifest)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let op = format!("get manifest {}", node.digest);
                    return Err(error.op(op).on(Side::Target).at(sink.location()));
                }
            }
        }
        Ok(None)
    }

    /// Was it looked for in vain?
    fn is_missing(&self, node: &Node) -> bool {
        let held = node.present.contains(&true);
        node.content.is_none() && !held && self.source.lacks(&node.descriptor)
    }

    async fn referrers(&self, subject: &Digest, ask: bool) -> Result<Vec<Referrer>> {
        if !self.referrers || !ask {
            return Ok(Vec::new());
        }
        self.source.referrers(subject).await.map_err(|error| {
            error
                .op(format!("list referrers of {subject}"))
                .on(Side::Source)
                .at(self.source.location())
        })
    }

    /// What is listed at the source, and which of it those targets list that have the subject. A list that cannot be
    /// had must not look like an empty one: that target is lost, the others go on.
    async fn edges(
        &self,
        subject: Digest,
        referrers: Vec<Referrer>,
        present: &[bool],
    ) -> (Vec<Edge>, Vec<Option<Error>>) {
        if referrers.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let lists = self
            .sinks
            .iter()
            .zip(present)
            .map(|(sink, present)| async move {
                if !present {
                    return Ok(Vec::new());
                }
                sink.referrers(&subject).await.map_err(|error| {
                    error
                        .op(format!("list referrers of {subject}"))
                        .on(Side::Target)
                        .at(sink.location())
                })
            });
        let lists = join_all(lists).await;
        let listed = |referrer: &Referrer| {
            let same = |other: &Referrer| {
                other.descriptor.digest == referrer.descriptor.digest && other.tie == referrer.tie
            };
            let listed = |list: &Result<Vec<Referrer>>| list.iter().flatten().any(same);
            lists.iter().map(listed).collect()
        };
        let edge = |referrer: Referrer| Edge {
            subject,
            listed: listed(&referrer),
            referrer,
        };
        let edges = referrers.into_iter().map(edge).collect();
        (edges, lists.into_iter().map(Result::err).collect())
    }

    /// What a visited node leads to.
    fn next(&self, node: &Node, edges: &[Edge]) -> Result<Vec<Visit>> {
        let depth = node.depth + 1;
        let children = node.content.iter().flat_map(|content| &content.manifests);
        let children = children.map(|child| Visit {
            descriptor: child.clone(),
            content: None,
            present: node.present.clone(),
            referrers: true,
            depth,
        });
        let referrers = edges.iter().map(|edge| Visit {
            descriptor: edge.referrer.descriptor.clone(),
            content: None,
            present: edge.listed.clone(),
            referrers: true,
            depth,
        });
        let next: Vec<_> = children.chain(referrers).collect();
        if !next.is_empty() && depth > self.limits.depth {
            let message = format!(
                "manifest {} is {} steps below the root, and there is more below it than the limit of {}",
                node.descriptor.digest, node.depth, self.limits.depth
            );
            return Err(Error::new(ErrorKind::Corrupt, message)
                .on(Side::Source)
                .at(self.source.location()));
        }
        Ok(next)
    }

    fn check(&self, nodes: usize, bytes: u64) -> Result<()> {
        let what = if nodes > self.limits.nodes {
            format!("more than {} manifests", self.limits.nodes)
        } else if bytes > MAX_GRAPH_BYTES {
            format!("more than {MAX_GRAPH_BYTES} bytes of manifests")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Corrupt, format!("the artifact has {what}")).on(Side::Source))
    }
}

fn merge(into: &mut [bool], from: &[bool]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into |= from;
    }
}

fn phantom(edge: &Edge) -> Error {
    let message = format!(
        "{} is listed among the referrers of {}, but its manifest does not say so",
        edge.digest(),
        edge.subject
    );
    Error::new(ErrorKind::Corrupt, message)
        .hinting("have the source's list of referrers mended, or copy without referrers")
}
