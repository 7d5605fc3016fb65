//! An outline, a small store under watch, and a journal in a folder.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use tempfile::TempDir;
use transship_oci::{Descriptor, Digest, MemoryBlob, Placement, RawManifest, Result, Sink as _};
use transship_testkit::image::Graph;

use crate::{
    ArchiveSink, Outline, OutlineOptions, Sealed, WriteOptions,
    store::{Call, Capacity, Memory, Watched},
    unsealed,
    uploader::journal::{FileUploadJournal, NoUploadJournal},
};

pub(super) const KEY: &str = "app.oci.tar";
/// The parts of the store are this small, so that there are many.
pub(super) const PART: u64 = 4096;

pub(super) struct World {
    pub(super) graph: Graph,
    pub(super) outline: Arc<Outline>,
    pub(super) memory: Memory,
    pub(super) watched: Watched,
    pub(super) options: WriteOptions,
    folder: TempDir,
}

pub(super) fn capacity() -> Capacity {
    Capacity {
        min_part: 1,
        max_part: PART,
        max_parts: 10_000,
        max_object: None,
        free: None,
    }
}

impl World {
    pub(super) fn new(graph: Graph, volume_size: Option<u64>) -> Self {
        Self::with(graph, |options| options.volume_size = volume_size)
    }

    pub(super) fn with(graph: Graph, change: impl FnOnce(&mut OutlineOptions)) -> Self {
        let mut options = OutlineOptions::new("transship/test");
        change(&mut options);
        let artifacts = graph.artifacts("registry.example/team/app");
        let seal: &dyn Fn(&RawManifest) -> Result<Vec<Sealed>> = &unsealed;
        let outline = Outline::of(&artifacts, &options, seal).unwrap();
        let memory = Memory::new("mem").with_capacity(capacity());
        Self {
            graph,
            outline: Arc::new(outline),
            watched: Watched::new(Arc::new(memory.clone())),
            memory,
            options: WriteOptions::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn with_capacity(mut self, capacity: Capacity) -> Self {
        self.memory = Memory::new("mem").with_capacity(capacity);
        self.watched = Watched::new(Arc::new(self.memory.clone()));
        self
    }

    pub(super) async fn open(&self) -> Result<ArchiveSink> {
        let store = Arc::new(self.watched.clone());
        let journal = Arc::new(FileUploadJournal::new(self.folder.path()));
        let (outline, options) = (Arc::clone(&self.outline), self.options.clone());
        ArchiveSink::open(store, KEY, outline, options, journal).await
    }

    /// Opens, pushes everything and completes.
    pub(super) async fn write(&self) -> Result<()> {
        let sink = self.open().await?;
        push(self, &sink).await?;
        sink.finish().await
    }

    /// All volumes as the store has them.
    pub(super) fn written(&self) -> Vec<Vec<u8>> {
        let keys = self.outline.keys(KEY);
        let volumes = keys
            .iter()
            .map(|key| self.memory.get(key).expect(key).to_vec());
        volumes.collect()
    }

    /// How many parts were sent.
    pub(super) fn puts(&self) -> usize {
        self.watched.count(|call| matches!(call, Call::Put(..)))
    }
}

pub(super) fn blob(world: &World, node: &Descriptor) -> MemoryBlob {
    MemoryBlob::new(node.clone(), world.graph.blobs()[&node.digest].clone())
}

/// Puts all blobs in their order, then manifests and tags.
pub(super) async fn push(world: &World, sink: &ArchiveSink) -> Result<()> {
    for node in world.outline.blobs() {
        sink.put_blob(&blob(world, node), &Placement::default())
            .await?;
    }
    for manifest in world.outline.manifests() {
        sink.put_manifest(manifest).await?;
    }
    for (tag, digest) in world.graph.tags() {
        let manifest = world.graph.manifest(digest).unwrap();
        sink.tag(std::slice::from_ref(tag), manifest).await?;
    }
    Ok(())
}

/// Writes an archive of blobs that are in hand.
pub(crate) async fn write_into(
    store: &Memory,
    key: &str,
    outline: Outline,
    blobs: &BTreeMap<Digest, Bytes>,
) {
    let outline = Arc::new(outline);
    let sink = ArchiveSink::open(
        Arc::new(store.clone()),
        key,
        Arc::clone(&outline),
        WriteOptions::default(),
        Arc::new(NoUploadJournal),
    );
    let sink = sink.await.unwrap();
    for node in outline.blobs() {
        let blob = MemoryBlob::new(node.clone(), blobs[&node.digest].clone());
        sink.put_blob(&blob, &Placement::default()).await.unwrap();
    }
    sink.finish().await.unwrap();
}
