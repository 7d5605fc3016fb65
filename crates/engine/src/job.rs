//! What is asked for: one artifact, and where it should be.

use std::sync::Arc;

use transship_oci::{Digest, Name, Reference, Repository, Sink, Source, Tag};

/// One artifact to copy, to any number of targets, from one reading.
#[derive(Debug, Clone)]
pub struct Job {
    /// The source reference as people and events see it.
    pub label: String,
    /// The repository it is read from.
    pub source: Arc<dyn Source>,
    /// What to look up there.
    pub name: Name,
    /// Where it should be.
    pub targets: Vec<Target>,
    /// The digest that `name` must have, for a pinned reference (`tag@digest`).
    pub expect: Option<Digest>,
}

impl Job {
    /// The source reference, for a source that is at a registry.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let (tag, digest) = match &self.name {
            Name::Tag(tag) => (Some(tag.clone()), self.expect),
            Name::Digest(digest) => (None, Some(*digest)),
        };
        Some(Reference {
            repository: self.source.location().repository()?.clone(),
            tag,
            digest,
        })
    }
}

/// One place where an artifact should be.
///
/// Two sinks with equal locations are taken for the same repository: what one of them has received, the other has.
#[derive(Debug, Clone)]
pub struct Target {
    /// The target reference as people and events see it.
    pub label: String,
    /// The repository it is written to.
    pub sink: Arc<dyn Sink>,
    /// The tags to publish; none for an artifact that is wanted by digest only.
    pub tags: Vec<Tag>,
}

/// The repository that a source really is, and that blobs can be mounted from. A source that is carried has its name only.
pub(crate) fn home(source: &dyn Source) -> Option<&Repository> {
    source
        .location()
        .repository()
        .filter(|_| !source.is_carried())
}
