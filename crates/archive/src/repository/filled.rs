//! An incremental archive made whole.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer, Result, Source,
    Tag,
};

/// A repository of an archive, together with the place that has what the archive counts on.
///
/// Everything that says what an artifact is comes from the archive; only blobs that it lacks are read there.
#[derive(Debug)]
pub struct Filled {
    archive: Arc<dyn Source>,
    rest: Arc<dyn Source>,
}

impl Filled {
    /// `rest` is the repository at the target, which has the prerequisites.
    pub fn new(archive: Arc<dyn Source>, rest: Arc<dyn Source>) -> Self {
        Self { archive, rest }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Source for Filled {
    fn location(&self) -> &Location {
        self.archive.location()
    }

    /// Of the two, only a registry has one.
    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.rest.budget()
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
            self.rest.blob(node, from).await
        } else {
            self.archive.blob(node, from).await
        }
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

    fn forget(&self) {
        self.archive.forget();
        self.rest.forget();
    }

    fn is_carried(&self) -> bool {
        self.archive.is_carried()
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.archive.lacks(node) && self.rest.lacks(node)
    }
}
