//! Repositories in memory: gone with the process, whole blobs as they came.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use transship_oci::{
    Algorithm, ByteStream, Descriptor, Digest, Hasher, Name, RawManifest, Result, Tag,
};

use super::{
    Expect, Store, StoredRepository, Upload,
    index::{Change, Entry, Index},
    listed, mismatch, no_blob,
};

/// The size of the pieces in which a blob is read.
const PIECE: usize = 256 * 1024;

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    repositories: RwLock<BTreeMap<String, Arc<MemoryRepository>>>,
}

impl Memory {
    /// A store with nothing in it.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A repository, made if it does not exist.
    pub fn repository(&self, name: &str) -> Arc<MemoryRepository> {
        if let Some(found) = read(&self.repositories).get(name) {
            return Arc::clone(found);
        }
        let mut repositories = write(&self.repositories);
        Arc::clone(repositories.entry(name.to_owned()).or_default())
    }
}

#[async_trait]
impl Store for Memory {
    async fn names(&self) -> Result<Vec<String>> {
        Ok(read(&self.repositories).keys().cloned().collect())
    }

    async fn open(&self, name: &str) -> Result<Option<Arc<dyn StoredRepository>>> {
        let found = read(&self.repositories).get(name).cloned();
        Ok(found.map(|repository| repository as _))
    }

    async fn create(&self, name: &str) -> Result<Arc<dyn StoredRepository>> {
        Ok(self.repository(name))
    }

    async fn link(&self, blob: &Digest, from: &str, to: &str) -> Result<bool> {
        let source = read(&self.repositories).get(from).cloned();
        let Some(bytes) = source.and_then(|source| source.content(blob)) else {
            return Ok(false);
        };
        write(&self.repository(to).state)
            .content
            .insert(*blob, bytes);
        Ok(true)
    }
}

/// One repository in memory.
#[derive(Debug, Default)]
pub struct MemoryRepository {
    state: Arc<RwLock<State>>,
}

#[derive(Debug, Default)]
struct State {
    index: Index,
    content: HashMap<Digest, Bytes>,
}

impl MemoryRepository {
    /// A repository with nothing in it.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn content(&self, digest: &Digest) -> Option<Bytes> {
        read(&self.state).content.get(digest).cloned()
    }
}

#[async_trait]
impl StoredRepository for MemoryRepository {
    async fn find(&self, name: &Name) -> Result<Option<Descriptor>> {
        Ok(read(&self.state).index.find(name))
    }

    async fn manifest(&self, digest: &Digest) -> Result<Option<RawManifest>> {
        let state = read(&self.state);
        let Some(descriptor) = state.index.find(&Name::Digest(*digest)) else {
            return Ok(None);
        };
        let bytes = state.content.get(digest).ok_or_else(|| no_blob(digest))?;
        RawManifest::verified(&descriptor, bytes.clone()).map(Some)
    }

    async fn manifests(&self) -> Result<Vec<Descriptor>> {
        Ok(read(&self.state).index.manifests().cloned().collect())
    }

    async fn tags(&self, after: Option<&str>, limit: usize) -> Result<Vec<Tag>> {
        Ok(read(&self.state).index.tags(after, limit))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        Ok(read(&self.state).index.referrers(subject))
    }

    async fn has_referrers(&self) -> Result<bool> {
        Ok(read(&self.state).index.has_referrers())
    }

    async fn size(&self, blob: &Digest) -> Result<Option<u64>> {
        let state = read(&self.state);
        Ok(state.content.get(blob).map(|bytes| bytes.len() as u64))
    }

    async fn blobs(&self) -> Result<Vec<Digest>> {
        let state = read(&self.state);
        let blobs = state
            .content
            .keys()
            .filter(|digest| !state.index.has(digest));
        let mut blobs: Vec<_> = blobs.copied().collect();
        blobs.sort_unstable();
        Ok(blobs)
    }

    async fn read(&self, blob: &Digest, range: Range<u64>) -> Result<ByteStream> {
        let bytes = self.content(blob).ok_or_else(|| no_blob(blob))?;
        let place = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
        let (from, to) = (place(range.start), place(range.end));
        let rest = bytes.slice(from.min(to)..to);
        // The bytes were hashed when they came, and nothing here can change them.
        Ok(stream::unfold(rest, |mut rest| async move {
            let piece = rest.split_to(rest.len().min(PIECE));
            (!piece.is_empty()).then_some((Ok(piece), rest))
        })
        .boxed())
    }

    async fn put(&self, manifest: &RawManifest, tags: &[Tag], expect: Expect) -> Result<()> {
        let change = Change::Put {
            entry: Arc::new(Entry::of(manifest)?),
            tags: tags.to_vec(),
            expect,
        };
        let mut state = write(&self.state);
        state.index.apply(&change)?;
        state
            .content
            .insert(manifest.digest(), manifest.bytes().clone());
        Ok(())
    }

    async fn delete_manifest(&self, digest: &Digest) -> Result<bool> {
        write(&self.state).index.apply(&Change::Delete(*digest))
    }

    async fn delete_tag(&self, tag: &Tag) -> Result<bool> {
        write(&self.state).index.apply(&Change::Untag(tag.clone()))
    }

    async fn delete_blob(&self, blob: &Digest) -> Result<bool> {
        let mut state = write(&self.state);
        if state.index.has(blob) {
            return Err(listed(blob));
        }
        Ok(state.content.remove(blob).is_some())
    }

    async fn start(&self, _id: &str, algorithm: Algorithm) -> Result<Box<dyn Upload>> {
        Ok(Box::new(MemoryUpload {
            state: Arc::clone(&self.state),
            pieces: Vec::new(),
            algorithm,
            hasher: Hasher::new(algorithm),
        }))
    }

    async fn resume(&self, _id: &str) -> Result<Option<Box<dyn Upload>>> {
        Ok(None)
    }
}

/// An upload in memory: the pieces as they came, joined once at the end.
#[derive(Debug)]
struct MemoryUpload {
    state: Arc<RwLock<State>>,
    pieces: Vec<Bytes>,
    algorithm: Algorithm,
    hasher: Hasher,
}

#[async_trait]
impl Upload for MemoryUpload {
    fn offset(&self) -> u64 {
        self.hasher.length()
    }

    async fn append(&mut self, bytes: Bytes) -> Result<()> {
        self.hasher.update(&bytes);
        self.pieces.push(bytes);
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<()> {
        let bytes = join(&self.pieces, self.hasher.length());
        // Who opened the session need not have said that the digest would be of another kind.
        let found = if digest.algorithm() == self.algorithm {
            self.hasher.finish()
        } else {
            Digest::of(digest.algorithm(), &bytes)
        };
        if found != *digest {
            return Err(mismatch(digest, &found));
        }
        write(&self.state).content.insert(*digest, bytes);
        Ok(())
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// One piece of its own: what came off the wire is a window on a larger buffer, which must not live as long as the blob.
fn join(pieces: &[Bytes], length: u64) -> Bytes {
    let mut joined = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
    for piece in pieces {
        joined.extend_from_slice(piece);
    }
    joined.freeze()
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
