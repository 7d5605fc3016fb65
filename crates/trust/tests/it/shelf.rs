//! A repository that counts what is asked of it, and where single things can be lost or spoilt.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Name, RawManifest,
    Referrer, Result, Source, Tag,
};
use transship_registry_server::Local;
use transship_testkit::image::Graph;

#[derive(Debug)]
pub(crate) struct Shelf {
    inner: Local,
    manifests: AtomicUsize,
    blobs: AtomicUsize,
    /// Listed, and not there.
    pub(crate) lost: BTreeSet<Digest>,
    /// There, with other bytes.
    pub(crate) spoilt: BTreeSet<Digest>,
}

impl Shelf {
    pub(crate) async fn holding(graph: &Graph) -> Self {
        let inner = Local::memory("shelf");
        graph.push_to(&inner).await.unwrap();
        Self {
            inner,
            manifests: AtomicUsize::new(0),
            blobs: AtomicUsize::new(0),
            lost: BTreeSet::new(),
            spoilt: BTreeSet::new(),
        }
    }

    /// How many manifests and blobs were asked for.
    pub(crate) fn asked(&self) -> (usize, usize) {
        (self.manifests.load(Relaxed), self.blobs.load(Relaxed))
    }

    fn lose(&self, digest: &Digest) -> Result<()> {
        if self.lost.contains(digest) {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("{digest} is not there"),
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Source for Shelf {
    fn location(&self) -> &Location {
        Source::location(&self.inner)
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        Source::budget(&self.inner)
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.inner.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.inner.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.manifests.fetch_add(1, Relaxed);
        self.lose(&node.digest)?;
        Source::manifest(&self.inner, node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        self.blobs.fetch_add(1, Relaxed);
        self.lose(&node.digest)?;
        if self.spoilt.contains(&node.digest) {
            let bytes = Bytes::from(vec![b'x'; usize::try_from(node.size).unwrap()]);
            return Ok(stream::iter([Ok(bytes)]).boxed());
        }
        self.inner.blob(node, from).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        Source::referrers(&self.inner, subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.inner.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.inner.tags()
    }
}
