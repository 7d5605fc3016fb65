//! A source with the targets behind it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, ErrorKind, Location, Name, RawManifest, Referrer,
    Result, Source, Tag,
};

use crate::{Job, Target};

/// A source whose missing pieces are read at the first target that has them: evidence that an archive counts on there
/// is evidence all the same, and whoever judges it hashes it.
///
/// For small things: nobody waits for room at the targets here.
#[derive(Debug)]
pub(crate) struct Backed<'a> {
    source: &'a dyn Source,
    targets: &'a [Target],
}

impl<'a> Backed<'a> {
    pub(crate) fn of(job: &'a Job) -> Self {
        Self {
            source: job.source.as_ref(),
            targets: &job.targets,
        }
    }

    fn readers(&self) -> impl Iterator<Item = &dyn Source> {
        self.targets
            .iter()
            .filter_map(|target| target.sink.reader())
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Source for Backed<'_> {
    fn location(&self) -> &Location {
        self.source.location()
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.source.budget()
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.source.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.source.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        if self.source.lacks(node) {
            for target in self.readers() {
                match target.manifest(node).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    found => return found,
                }
            }
        }
        self.source.manifest(node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        if self.source.lacks(node) {
            for target in self.readers() {
                match target.blob(node, from).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    found => return found,
                }
            }
        }
        self.source.blob(node, from).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.source.referrers(subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.source.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.source.tags()
    }

    fn forget(&self) {
        self.source.forget();
        self.readers().for_each(Source::forget);
    }

    fn is_carried(&self) -> bool {
        self.source.is_carried()
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.source.lacks(node)
    }
}
