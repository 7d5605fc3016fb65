//! Blobs, manifests and tags that belong together, in an order in which they can be pushed.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::TryStreamExt as _;
use transship_oci::{
    Descriptor, Digest, MemoryBlob, Name, Placement, RawManifest, Result, Sink, Source, Tag,
};

use super::{Image, Index, Layer};

/// The content of one repository.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    blobs: BTreeMap<Digest, Bytes>,
    manifests: Vec<RawManifest>,
    tags: Vec<(Tag, Digest)>,
}

impl Graph {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The blobs, each once. The bytes of foreign layers are not among them.
    pub fn blobs(&self) -> &BTreeMap<Digest, Bytes> {
        &self.blobs
    }

    /// The manifests in push order: children before parents, subjects before referrers.
    pub fn manifests(&self) -> &[RawManifest] {
        &self.manifests
    }

    /// The tags, each once.
    pub fn tags(&self) -> &[(Tag, Digest)] {
        &self.tags
    }

    /// The manifest of this digest.
    pub fn manifest(&self, digest: &Digest) -> Option<&RawManifest> {
        self.manifests
            .iter()
            .find(|manifest| manifest.digest() == *digest)
    }

    /// What a tag points at.
    pub fn tagged(&self, tag: &str) -> Option<&RawManifest> {
        let (_, digest) = self.tags.iter().find(|(name, _)| name.as_str() == tag)?;
        self.manifest(digest)
    }

    /// The bytes of all blobs together.
    pub fn blob_bytes(&self) -> u64 {
        self.blobs.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Adds a blob and returns its descriptor.
    pub fn blob(&mut self, layer: &Layer) -> Descriptor {
        let descriptor = layer.descriptor();
        if !descriptor.is_foreign() {
            self.blobs.insert(descriptor.digest, layer.bytes.clone());
        }
        descriptor
    }

    /// Adds an image with its blobs and returns its descriptor, which says its platform.
    pub fn image(&mut self, image: Image) -> Descriptor {
        self.blob(&image.configuration());
        for layer in &image.layers {
            self.blob(layer);
        }
        let descriptor = self.add(image.manifest());
        Descriptor {
            platform: image.platform,
            ..descriptor
        }
    }

    /// Adds an index and returns its descriptor. Its children are there already, or are missing on purpose.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "builders read better that way"
    )]
    pub fn index(&mut self, index: Index) -> Descriptor {
        self.add(index.manifest())
    }

    /// Adds a manifest made elsewhere.
    pub fn add(&mut self, manifest: RawManifest) -> Descriptor {
        let descriptor = manifest.descriptor().clone();
        if self.manifest(&manifest.digest()).is_none() {
            self.manifests.push(manifest);
        }
        descriptor
    }

    /// Makes a tag point at a manifest; a tag that there is already moves.
    pub fn tag(&mut self, tag: &str, node: &Descriptor) {
        let tag: Tag = tag.parse().expect("a tag");
        self.tags.retain(|(other, _)| *other != tag);
        self.tags.push((tag, node.digest));
    }

    /// Pushes everything, in order, tags last.
    ///
    /// # Errors
    /// As the sink says.
    pub async fn push_to(&self, sink: &dyn Sink) -> Result<()> {
        for (digest, bytes) in &self.blobs {
            let node = Descriptor::new("application/octet-stream", *digest, bytes.len() as u64);
            let blob = MemoryBlob::new(node, bytes.clone());
            sink.put_blob(&blob, &Placement::default()).await?;
        }
        for manifest in &self.manifests {
            sink.put_manifest(manifest).await?;
        }
        for (tag, digest) in &self.tags {
            let manifest = self
                .manifest(digest)
                .expect("tags point at manifests of the graph");
            sink.tag(std::slice::from_ref(tag), manifest).await?;
        }
        sink.finish().await
    }

    /// Asserts that a repository holds every byte and every tag of this graph.
    pub async fn assert_in(&self, source: &dyn Source) {
        let at = source.location();
        for manifest in &self.manifests {
            let found = source.manifest(manifest.descriptor()).await;
            let found = found.unwrap_or_else(|error| panic!("{}: {error}", manifest.digest()));
            assert_eq!(
                found.bytes(),
                manifest.bytes(),
                "manifest {} at {at}",
                manifest.digest()
            );
        }
        for (digest, bytes) in &self.blobs {
            let node = Descriptor::new("application/octet-stream", *digest, bytes.len() as u64);
            let found = read(source, &node, 0).await;
            let found = found.unwrap_or_else(|error| panic!("{digest}: {error}"));
            assert_eq!(found, bytes, "blob {digest} at {at}");
        }
        for (tag, digest) in &self.tags {
            let found = source.resolve(&Name::Tag(tag.clone())).await;
            let found = found.unwrap_or_else(|error| panic!("{tag}: {error}"));
            assert_eq!(found.digest, *digest, "tag {tag} at {at}");
        }
    }
}

/// Reads a blob whole, from an offset on.
///
/// # Errors
/// As the source says.
pub(crate) async fn read(source: &dyn Source, node: &Descriptor, from: u64) -> Result<Bytes> {
    let pieces: Vec<Bytes> = source.blob(node, from).await?.try_collect().await?;
    Ok(pieces.concat().into())
}
