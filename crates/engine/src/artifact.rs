//! From a graph that was walked to an artifact in hand.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use transship_oci::{
    Artifact, Descriptor, Digest, Error, ErrorKind, Reference, Result, Side, media_type,
};

use crate::{
    graph::{Content, Edge, Graph},
    order::publication,
};

/// What is known of an artifact, all of whose manifests were read.
pub(crate) struct InHand<'a> {
    pub(crate) graph: &'a Graph,
    /// Are layers whose bytes may live elsewhere carried too?
    pub(crate) include_foreign: bool,
}

impl InHand<'_> {
    /// The artifact, under the name that it was asked for.
    ///
    /// # Errors
    /// `Corrupt` when the same blob is said to be of two sizes.
    pub(crate) fn artifact(&self, root: Descriptor, reference: Reference) -> Result<Artifact> {
        let order = publication(self.graph)?;
        let contents: Vec<(Digest, &Content)> = order
            .into_iter()
            .map(|digest| Ok((digest, self.content(&digest)?)))
            .collect::<Result<_>>()?;
        let edges = self.graph.edges.iter();
        Ok(Artifact {
            tags: reference.tag.iter().cloned().collect(),
            reference,
            root,
            manifests: contents
                .iter()
                .map(|(_, content)| content.manifest.clone())
                .collect(),
            referrers: edges
                .map(|edge| (edge.subject, edge.referrer.clone()))
                .collect(),
            blobs: self.blobs(&contents)?,
            foreign: self.foreign(&contents),
        })
    }

    fn content(&self, digest: &Digest) -> Result<&Content> {
        self.graph.content(digest).ok_or_else(|| {
            let message = format!("manifest {digest} is needed and was not read");
            Error::new(ErrorKind::Internal, message)
        })
    }

    /// Configurations and the content of what belongs to others, then the layers, each where it is used first.
    fn blobs(&self, contents: &[(Digest, &Content)]) -> Result<Vec<Descriptor>> {
        let beside = self
            .graph
            .closure(self.graph.edges.iter().map(Edge::digest));
        let foreign = |content: &'_ Content| -> Vec<Descriptor> {
            let layers = content.foreign.iter().filter(|_| self.include_foreign);
            layers.cloned().collect()
        };
        let mut list = List::default();
        for (digest, content) in contents {
            let early = if beside.contains(digest) {
                content.blobs.len()
            } else {
                configurations(content)
            };
            list.take(&content.blobs[..early])?;
        }
        for (_, content) in contents {
            list.take(&content.blobs)?;
            list.take(&foreign(content))?;
        }
        Ok(list.blobs)
    }

    fn foreign(&self, contents: &[(Digest, &Content)]) -> Vec<Descriptor> {
        if self.include_foreign {
            return Vec::new();
        }
        let layers = contents.iter().flat_map(|(_, content)| &content.foreign);
        let mut seen = BTreeSet::new();
        layers
            .filter(|layer| seen.insert(layer.digest))
            .cloned()
            .collect()
    }
}

/// How many of the blobs are configurations: they come first, and an index has none.
fn configurations(content: &Content) -> usize {
    let index = media_type::is_index(content.manifest.media_type());
    usize::from(!index && !content.blobs.is_empty())
}

/// Blobs, each once.
#[derive(Default)]
struct List {
    sizes: BTreeMap<Digest, u64>,
    blobs: Vec<Descriptor>,
}

impl List {
    fn take(&mut self, blobs: &[Descriptor]) -> Result<()> {
        for blob in blobs {
            match self.sizes.entry(blob.digest) {
                Entry::Vacant(entry) => {
                    entry.insert(blob.size);
                    self.blobs.push(blob.clone());
                }
                Entry::Occupied(entry) if *entry.get() == blob.size => {}
                Entry::Occupied(entry) => {
                    return Err(two_sizes(blob, *entry.get()).on(Side::Source));
                }
            }
        }
        Ok(())
    }
}

/// The error of a blob that is said to be of two sizes.
pub(crate) fn two_sizes(blob: &Descriptor, known: u64) -> Error {
    let message = format!(
        "blob {} is said to have {known} bytes and {} bytes",
        blob.digest, blob.size
    );
    Error::new(ErrorKind::Corrupt, message)
}
