//! What these tests share: a registry in memory behind faults, a blob that counts, a journal and an observer that keep.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use transship_oci::{
    Blob, ByteStream, Checkpoint, Descriptor, Digest, Error, Event, HashState, Journal, Name,
    Observer, RawManifest, Repository, Result, Side, Sink as _, Source as _, Verifier,
};
use transship_registry_client::{
    Client, Context, RemoteRepository, credentials::MemoryCredentials,
};
use transship_registry_server::{Memory, Registry, Settings};
use transship_testkit::{
    fault::{FaultRegistry, Quirk},
    image::{Graph, layer::noise_bytes},
};

/// Our registry in memory behind `quirks`.
pub(crate) async fn registry(quirks: Vec<Arc<dyn Quirk>>) -> FaultRegistry {
    FaultRegistry::start(Registry::new(Memory::new()).router(), quirks).await
}

/// The same, with settings.
pub(crate) async fn registry_with(
    settings: Settings,
    quirks: Vec<Arc<dyn Quirk>>,
) -> FaultRegistry {
    let app = Registry::new(Memory::new()).settings(settings).router();
    FaultRegistry::start(app, quirks).await
}

/// What a client is given in these tests: little patience, and onlookers that remember.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) journal: Arc<Kept>,
    pub(crate) observer: Arc<Notes>,
    context: Context,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let journal = Arc::new(Kept::default());
        let observer = Arc::new(Notes::default());
        let context = Context {
            journal: Arc::<Kept>::clone(&journal),
            observer: Arc::<Notes>::clone(&observer),
            max_wait: Duration::from_secs(5),
            max_attempts: 3,
            ..Context::default()
        };
        Self {
            journal,
            observer,
            context,
        }
    }

    /// The same, known to a registry.
    pub(crate) fn with_credentials(mut self, credentials: MemoryCredentials) -> Self {
        self.context.credentials = Arc::new(credentials);
        self
    }

    /// A client as a new process has it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.context.clone()).unwrap()
    }

    /// A repository that nothing is known of.
    pub(crate) fn open(&self, host: &str, path: &str, side: Side) -> RemoteRepository {
        let name = Repository::new(host, path).unwrap();
        self.client().repository(&name, side).unwrap()
    }
}

/// A target repository that nothing is known of.
pub(crate) fn target(host: &str, path: &str) -> RemoteRepository {
    Desk::new().open(host, path, Side::Target)
}

/// A source repository that nothing is known of.
pub(crate) fn source(host: &str, path: &str) -> RemoteRepository {
    Desk::new().open(host, path, Side::Source)
}

/// A blob in memory that verifies itself as the engine's do, comes in pieces, and counts what is read of it.
pub(crate) struct TestBlob {
    verifier: Arc<Verifier>,
    bytes: Bytes,
    opened: Mutex<Vec<u64>>,
    read: Arc<AtomicU64>,
    /// Breaks off here, once.
    pub(crate) broken_at: Mutex<Option<usize>>,
}

impl TestBlob {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            verifier: Arc::new(Verifier::new(Descriptor::of(
                "application/octet-stream",
                &bytes,
            ))),
            bytes,
            opened: Mutex::default(),
            read: Arc::default(),
            broken_at: Mutex::default(),
        }
    }

    /// Bytes that look random, the same for the same seed.
    pub(crate) fn noise(seed: u64, size: usize) -> Self {
        Self::new(noise_bytes(seed, size))
    }

    pub(crate) fn digest(&self) -> Digest {
        self.descriptor().digest
    }

    /// At which offsets it was opened.
    pub(crate) fn opened(&self) -> Vec<u64> {
        self.opened.lock().unwrap().clone()
    }

    /// How many bytes were read, over all openings.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }
}

impl Blob for TestBlob {
    fn descriptor(&self) -> &Descriptor {
        self.verifier.descriptor()
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        self.opened.lock().unwrap().push(from);
        let start = usize::try_from(from).unwrap();
        let end = self.broken_at.lock().unwrap().take();
        let bytes = self.bytes.slice(start..end.unwrap_or(self.bytes.len()));
        let (verifier, read) = (Arc::clone(&self.verifier), Arc::clone(&self.read));
        let pieces = (0..bytes.len()).step_by(100_000).map(move |at| {
            let piece = bytes.slice(at..bytes.len().min(at + 100_000));
            verifier.pass(from + at as u64, &piece)?;
            read.fetch_add(piece.len() as u64, Relaxed);
            Ok(piece)
        });
        let broken = end.map(|_| {
            Err(Error::new(
                transship_oci::ErrorKind::Unavailable,
                "the source broke off",
            ))
        });
        Box::pin(async move { Ok(stream::iter(pieces).chain(stream::iter(broken)).boxed()) })
    }

    fn hash_state(&self) -> Option<HashState> {
        Some(self.verifier.state())
    }

    fn restore(&self, state: &HashState) -> u64 {
        self.verifier.restore(state)
    }
}

/// A journal in memory.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: Mutex<HashMap<Digest, Checkpoint>>,
    saved: Mutex<Vec<u64>>,
}

impl Kept {
    pub(crate) fn get(&self, digest: &Digest) -> Option<Checkpoint> {
        self.entries.lock().unwrap().get(digest).cloned()
    }

    pub(crate) fn put(&self, digest: Digest, checkpoint: Checkpoint) {
        self.entries.lock().unwrap().insert(digest, checkpoint);
    }

    /// The offsets of all checkpoints written.
    pub(crate) fn saved(&self) -> Vec<u64> {
        self.saved.lock().unwrap().clone()
    }
}

#[async_trait]
impl Journal for Kept {
    async fn load(&self, _: &Repository, blob: &Digest) -> Result<Option<Checkpoint>> {
        Ok(self.get(blob))
    }

    async fn save(&self, _: &Repository, blob: &Digest, checkpoint: &Checkpoint) -> Result<()> {
        self.saved.lock().unwrap().push(checkpoint.offset);
        self.put(*blob, checkpoint.clone());
        Ok(())
    }

    async fn clear(&self, _: &Repository, blob: &Digest) -> Result<()> {
        self.entries.lock().unwrap().remove(blob);
        Ok(())
    }
}

/// An observer that keeps notices.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Notes {
    fn on(&self, event: &Event) {
        if let Event::Notice { message, .. } = event {
            self.0.lock().unwrap().push(message.clone());
        }
    }
}

/// Puts all of `graph` into a repository, and forgets that it was asked to.
pub(crate) async fn fill(registry: &FaultRegistry, path: &str, graph: &Graph) {
    push(registry.host(), path, graph).await;
    registry.forget();
}

/// Puts all of `graph` into a repository.
pub(crate) async fn push(host: &str, path: &str, graph: &Graph) {
    let repository = target(host, path);
    for bytes in graph.blobs().values() {
        let blob = TestBlob::new(bytes.clone());
        repository.put_blob(&blob, &absent()).await.unwrap();
    }
    for manifest in graph.manifests() {
        repository.put_manifest(manifest).await.unwrap();
    }
    for (tag, digest) in graph.tags() {
        let manifest = graph.manifest(digest).unwrap();
        repository
            .tag(std::slice::from_ref(tag), manifest)
            .await
            .unwrap();
    }
}

/// What is said of a blob of a manifest that is not there.
pub(crate) fn absent() -> transship_oci::Placement {
    transship_oci::Placement {
        mount_from: None,
        absent: true,
    }
}

/// All bytes of a blob at a registry.
pub(crate) async fn read_blob(host: &str, path: &str, node: &Descriptor) -> Bytes {
    let stream = source(host, path).blob(node, 0).await.unwrap();
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    pieces.concat().into()
}

/// The manifest under a tag.
pub(crate) async fn at_tag(host: &str, path: &str, tag: &str) -> RawManifest {
    let name = Name::Tag(tag.parse().unwrap());
    source(host, path).fetch(&name).await.unwrap()
}

/// `tag` as a name.
pub(crate) fn tag_name(tag: &str) -> Name {
    Name::Tag(tag.parse().unwrap())
}
