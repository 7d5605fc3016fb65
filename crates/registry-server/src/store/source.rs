//! Repositories read from somewhere else: whatever is a [`Source`] can be served, such as an archive.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, future};
use transship_oci::{
    Algorithm, ByteStream, Descriptor, Digest, Name, RawManifest, Result, Source, Tag,
};

use super::{
    Expect, Store, StoredRepository, Upload,
    index::{Change, Entry, Index},
    no_blob, read_only,
};

/// A store over sources. It cannot be written to.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<String, Arc<SourceRepository>>);

impl Sources {
    /// A store of these repositories.
    pub fn new(repositories: impl IntoIterator<Item = (String, SourceRepository)>) -> Arc<Self> {
        let shared = |(name, repository)| (name, Arc::new(repository));
        Arc::new(Self(repositories.into_iter().map(shared).collect()))
    }
}

#[async_trait]
impl Store for Sources {
    async fn names(&self) -> Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    async fn open(&self, name: &str) -> Result<Option<Arc<dyn StoredRepository>>> {
        let found = self.0.get(name).cloned();
        Ok(found.map(|repository| repository as _))
    }

    async fn create(&self, _: &str) -> Result<Arc<dyn StoredRepository>> {
        Err(read_only())
    }

    async fn link(&self, _: &Digest, _: &str, _: &str) -> Result<bool> {
        Err(read_only())
    }
}

/// One repository over a source.
#[derive(Debug)]
pub struct SourceRepository {
    source: Arc<dyn Source>,
    index: Index,
    /// A source wants a whole descriptor where a registry is asked for a digest alone.
    blobs: HashMap<Digest, Descriptor>,
}

impl SourceRepository {
    /// Walks everything that the source has under its tags, and what refers to it.
    ///
    /// # Errors
    /// When a part of it cannot be read.
    pub async fn open(source: Arc<dyn Source>) -> Result<Self> {
        Self::with_roots(source, &[]).await
    }

    /// The same, and what these digests name: a source lists its tags, and not what has none.
    ///
    /// # Errors
    /// As [`SourceRepository::open`].
    pub async fn with_roots(source: Arc<dyn Source>, roots: &[Digest]) -> Result<Self> {
        let mut repository = Self {
            source,
            index: Index::default(),
            blobs: HashMap::new(),
        };
        let source = Arc::clone(&repository.source);
        let mut tags = source.tags();
        while let Some(tag) = tags.try_next().await? {
            let root = source.resolve(&Name::Tag(tag.clone())).await?;
            repository.walk(root, vec![tag]).await?;
        }
        for root in roots {
            let root = source.resolve(&Name::Digest(*root)).await?;
            repository.walk(root, Vec::new()).await?;
        }
        Ok(repository)
    }

    async fn walk(&mut self, root: Descriptor, tags: Vec<Tag>) -> Result<()> {
        let mut ahead = vec![(root, tags)];
        while let Some((node, tags)) = ahead.pop() {
            if tags.is_empty() && self.index.has(&node.digest) {
                continue;
            }
            let manifest = self.source.manifest(&node).await?;
            let children = manifest.children()?;
            self.index.apply(&Change::Put {
                entry: Arc::new(Entry::of(&manifest)?),
                tags,
                expect: Expect::Anything,
            })?;
            let blobs = children.blobs.into_iter().chain(children.foreign);
            self.blobs.extend(blobs.map(|blob| (blob.digest, blob)));
            let referrers = self.source.referrers(&node.digest).await?;
            let referrers = referrers.into_iter().map(|referrer| referrer.descriptor);
            let below = children.manifests.into_iter().chain(referrers);
            ahead.extend(below.map(|node| (node, Vec::new())));
        }
        Ok(())
    }

    fn blob(&self, digest: &Digest) -> Result<&Descriptor> {
        self.blobs.get(digest).ok_or_else(|| no_blob(digest))
    }
}

#[async_trait]
impl StoredRepository for SourceRepository {
    async fn find(&self, name: &Name) -> Result<Option<Descriptor>> {
        Ok(self.index.find(name))
    }

    async fn manifest(&self, digest: &Digest) -> Result<Option<RawManifest>> {
        match self.index.find(&Name::Digest(*digest)) {
            Some(node) => self.source.manifest(&node).await.map(Some),
            None => Ok(None),
        }
    }

    async fn manifests(&self) -> Result<Vec<Descriptor>> {
        Ok(self.index.manifests().cloned().collect())
    }

    async fn tags(&self, after: Option<&str>, limit: usize) -> Result<Vec<Tag>> {
        Ok(self.index.tags(after, limit))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        Ok(self.index.referrers(subject))
    }

    async fn has_referrers(&self) -> Result<bool> {
        Ok(self.index.has_referrers())
    }

    async fn size(&self, blob: &Digest) -> Result<Option<u64>> {
        Ok(self.blobs.get(blob).map(|blob| blob.size))
    }

    async fn blobs(&self) -> Result<Vec<Digest>> {
        let mut blobs: Vec<_> = self.blobs.keys().copied().collect();
        blobs.sort_unstable();
        Ok(blobs)
    }

    async fn read(&self, blob: &Digest, range: Range<u64>) -> Result<ByteStream> {
        let bytes = self.source.blob(self.blob(blob)?, range.start).await?;
        Ok(cut(bytes, range.end.saturating_sub(range.start)))
    }

    async fn put(&self, _: &RawManifest, _: &[Tag], _: Expect) -> Result<()> {
        Err(read_only())
    }

    async fn delete_manifest(&self, _: &Digest) -> Result<bool> {
        Err(read_only())
    }

    async fn delete_tag(&self, _: &Tag) -> Result<bool> {
        Err(read_only())
    }

    async fn delete_blob(&self, _: &Digest) -> Result<bool> {
        Err(read_only())
    }

    async fn start(&self, _: &str, _: Algorithm) -> Result<Box<dyn Upload>> {
        Err(read_only())
    }

    async fn resume(&self, _: &str) -> Result<Option<Box<dyn Upload>>> {
        Ok(None)
    }
}

/// The first `length` bytes of a stream.
fn cut(bytes: ByteStream, length: u64) -> ByteStream {
    let pieces = bytes.scan(length, |left, piece| {
        let piece = piece.map(|mut piece: Bytes| {
            piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= piece.len() as u64;
            piece
        });
        let over = matches!(&piece, Ok(piece) if piece.is_empty());
        future::ready((!over).then_some(piece))
    });
    pieces.boxed()
}
