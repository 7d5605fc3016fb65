//! An incremental archive with the registry behind it that has what it counts on.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer, Result, Source,
    Tag,
};

/// Reads from the archive what it holds, and from the registry what it lacks.
#[derive(Debug)]
pub(super) struct Whole {
    archive: Arc<dyn Source>,
    behind: Arc<dyn Source>,
}

impl Whole {
    pub(super) fn new(archive: Arc<dyn Source>, behind: Arc<dyn Source>) -> Self {
        Self { archive, behind }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Source for Whole {
    fn location(&self) -> &Location {
        self.archive.location()
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.behind.budget()
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.archive.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.archive.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.archive.manifest(node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        if self.archive.lacks(node) {
            return self.behind.blob(node, from).await;
        }
        self.archive.blob(node, from).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.archive.referrers(subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.archive.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.archive.tags()
    }

    fn is_carried(&self) -> bool {
        self.archive.is_carried()
    }

    fn lacks(&self, _: &Descriptor) -> bool {
        false
    }
}
