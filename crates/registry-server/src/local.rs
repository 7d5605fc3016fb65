//! One repository of a store as the engine sees it: a [`Source`] and a [`Sink`], without a registry between.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use transship_oci::{
    Blob, Budget, ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Name, Placed,
    Placement, Presence, RawManifest, Referrer, Result, Side, Sink, Source, Tag, Tie,
};

use crate::store::{self, DiskRepository, Expect, MemoryRepository, StoredRepository, Upload};

/// How many tags are read at once.
const TAG_PAGE: usize = 1000;

/// One repository of a store.
///
/// It keeps the rule of real registries that a manifest comes after what it is made of.
#[derive(Debug, Clone)]
pub struct Local {
    repository: Arc<dyn StoredRepository>,
    location: Location,
}

impl Local {
    /// A repository under a name for people.
    pub fn new(repository: Arc<dyn StoredRepository>, name: impl Into<String>) -> Self {
        Self {
            repository,
            location: Location::Local(name.into()),
        }
    }

    /// A new repository in memory, called `memory:NAME`.
    pub fn memory(name: &str) -> Self {
        Self::new(MemoryRepository::new(), format!("memory:{name}"))
    }

    /// An OCI image layout in a folder, made if it does not exist, called by its path.
    ///
    /// # Errors
    /// `Corrupt` when the folder holds a layout that cannot be read, `Unavailable` when the disk does not answer.
    pub async fn disk(folder: &Path) -> Result<Self> {
        let repository = DiskRepository::open(folder).await?;
        Ok(Self::new(repository, folder.display().to_string()))
    }

    /// The repository underneath.
    pub fn repository(&self) -> &Arc<dyn StoredRepository> {
        &self.repository
    }

    /// Everything that is in it, to look at.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut tags = BTreeMap::new();
        for tag in self.repository.tags(None, usize::MAX).await? {
            let node = self.find(&Name::Tag(tag.clone())).await?;
            tags.insert(tag, node.digest);
        }
        let manifests = self.repository.manifests().await?;
        let manifests = manifests.into_iter().map(|node| node.digest);
        Ok(Snapshot {
            tags,
            manifests: manifests.collect(),
            blobs: self.repository.blobs().await?.into_iter().collect(),
        })
    }

    fn on(&self, side: Side) -> impl Fn(Error) -> Error {
        move |error| error.on(side).at(&self.location)
    }

    async fn find(&self, name: &Name) -> Result<Descriptor> {
        let found = self.repository.find(name).await?;
        found.ok_or_else(|| not_found(name))
    }

    async fn read(&self, digest: &Digest) -> Result<RawManifest> {
        let found = self.repository.manifest(digest).await?;
        found.ok_or_else(|| not_found(digest))
    }

    /// Everything that belongs to a subject, each manifest once.
    async fn tied(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let by_subject = self.repository.referrers(subject).await?;
        let mut all: Vec<_> = by_subject
            .into_iter()
            .map(|descriptor| Referrer {
                descriptor,
                tie: Tie::Subject,
            })
            .collect();
        for tag in Tag::legacy(subject) {
            let found = self.repository.find(&Name::Tag(tag.clone())).await?;
            all.extend(found.map(|descriptor| Referrer {
                descriptor,
                tie: Tie::Tag(tag),
            }));
        }
        Ok(all)
    }

    async fn present(&self, node: &Descriptor) -> Result<Presence> {
        let here = if node.is_manifest() {
            let name = Name::Digest(node.digest);
            self.repository.find(&name).await?.is_some()
        } else {
            self.repository.size(&node.digest).await?.is_some()
        };
        Ok(if here {
            Presence::Present
        } else {
            Presence::Absent
        })
    }

    async fn send(&self, blob: &dyn Blob) -> Result<Placed> {
        let digest = blob.descriptor().digest;
        if self.repository.size(&digest).await?.is_some() {
            return Ok(Placed::Present);
        }
        let id = format!("{:032x}", rand::random::<u128>());
        let mut upload = self.repository.start(&id, digest.algorithm()).await?;
        if let Err(cause) = pour(blob, &mut *upload).await {
            // The first fault is the one to tell of.
            let _ = upload.abort().await;
            return Err(cause);
        }
        let sent = upload.offset();
        upload.commit(&digest).await?;
        Ok(Placed::Sent(sent))
    }

    async fn put(&self, manifest: &RawManifest, tags: &[Tag]) -> Result<()> {
        store::complete(&*self.repository, manifest).await?;
        self.repository.put(manifest, tags, Expect::Anything).await
    }
}

/// What a repository held at one moment. Two of them are equal when nothing can tell the repositories apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What each tag points at.
    pub tags: BTreeMap<Tag, Digest>,
    /// All manifests.
    pub manifests: BTreeSet<Digest>,
    /// All other content.
    pub blobs: BTreeSet<Digest>,
}

#[async_trait]
impl Source for Local {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.find(name).await.map_err(self.on(Side::Source))
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        let node = self.resolve(name).await?;
        self.read(&node.digest).await.map_err(self.on(Side::Source))
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.read(&node.digest).await.map_err(self.on(Side::Source))
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let range = from..node.size.max(from);
        let read = self.repository.read(&node.digest, range).await;
        let bytes = read.map_err(self.on(Side::Source))?;
        let location = self.location.clone();
        let placed = move |error: Error| error.on(Side::Source).at(&location);
        Ok(bytes.map_err(placed).boxed())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.tied(subject).await.map_err(self.on(Side::Source))
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        let known = async {
            if self.repository.has_referrers().await? {
                return Ok(true);
            }
            // Legacy signatures show in the tags; `sha256-` sorts them together.
            let near = self.repository.tags(Some("sha256-"), 1).await?;
            Ok(near.iter().any(|tag| tag.as_str().starts_with("sha256-")))
        };
        known.await.map_err(self.on(Side::Source))
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        stream::try_unfold(Some(None::<Tag>), move |state| async move {
            let Some(after) = state else { return Ok(None) };
            let after = after.as_ref().map(Tag::as_str);
            let page = self.repository.tags(after, TAG_PAGE).await;
            let page = page.map_err(self.on(Side::Source))?;
            let next = page.last().cloned().map(Some);
            let page = stream::iter(page.into_iter().map(Ok));
            Ok(next.map(|next| (page, Some(next))))
        })
        .try_flatten()
        .boxed()
    }
}

#[async_trait]
impl Sink for Local {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        let mut answers = Vec::with_capacity(nodes.len());
        for node in nodes {
            answers.push(self.present(node).await.map_err(self.on(Side::Target))?);
        }
        Ok(answers)
    }

    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        let found = self.repository.find(&Name::Tag(tag.clone())).await;
        found.map_err(self.on(Side::Target))
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.read(&node.digest).await.map_err(self.on(Side::Target))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.tied(subject).await.map_err(self.on(Side::Target))
    }

    async fn put_blob(&self, blob: &dyn Blob, _: &Placement) -> Result<Placed> {
        self.send(blob).await.map_err(self.on(Side::Target))
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        let put = self.put(manifest, &[]).await;
        put.map_err(|error| self.on(Side::Target)(error.op("put manifest")))
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        let put = self.put(manifest, tags).await;
        put.map_err(|error| self.on(Side::Target)(error.op("tag")))
    }

    fn reader(&self) -> Option<&dyn Source> {
        Some(self)
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

async fn pour(blob: &dyn Blob, upload: &mut dyn Upload) -> Result<()> {
    let mut bytes = blob.open(0).await?;
    while let Some(piece) = bytes.try_next().await? {
        upload.append(piece).await?;
    }
    Ok(())
}

fn not_found(name: &impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::NotFound, format!("manifest {name} is not here"))
}
