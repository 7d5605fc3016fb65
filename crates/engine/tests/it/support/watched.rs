//! A repository whose every call is counted, and can be made to fail or to be the last.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use transship_oci::{
    Blob, Budget, ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Name, Placed,
    Placement, Presence, RawManifest, Referrer, Repository, Result, Sink, Source, Tag,
};
use transship_registry_server::Local;

use super::Trap;

/// What is done to the bytes of a source's blobs.
#[derive(Debug, Default)]
pub(crate) struct Tampering {
    /// Each reading breaks after so many bytes.
    pub(crate) cut_after: Option<usize>,
    /// One bit is turned over in every piece.
    pub(crate) flip: bool,
    /// Manifests that cannot be read, though they are listed.
    pub(crate) unreadable: Vec<Digest>,
    /// The answer to "may there be referrers".
    pub(crate) no_referrers: bool,
    /// As a target, lists no referrers.
    pub(crate) forgetful: bool,
}

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) inner: Local,
    pub(crate) trap: Arc<Trap>,
    pub(crate) tampering: Mutex<Tampering>,
    location: Location,
    /// Room at the host behind it.
    pub(crate) budget: Mutex<Option<Arc<dyn Budget>>>,
    /// Blobs begin to be taken, and never end.
    pub(crate) stall: AtomicBool,
    /// Blobs mounted instead of sent, if they are here.
    pub(crate) mountable: Mutex<Vec<Arc<Watched>>>,
}

impl Watched {
    pub(crate) fn new(inner: Local, trap: &Arc<Trap>) -> Arc<Self> {
        let location = Source::location(&inner).clone();
        Self::at(inner, location, trap)
    }

    /// One that says it is at a registry.
    pub(crate) fn at_registry(repository: &str, trap: &Arc<Trap>) -> Arc<Self> {
        let name: Repository = repository.parse().unwrap();
        Self::at(Local::memory(repository), Location::Registry(name), trap)
    }

    fn at(inner: Local, location: Location, trap: &Arc<Trap>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            trap: Arc::clone(trap),
            tampering: Mutex::default(),
            stall: AtomicBool::new(false),
            budget: Mutex::default(),
            location,
            mountable: Mutex::default(),
        })
    }

    fn tamper(&self, bytes: ByteStream) -> ByteStream {
        let Tampering {
            cut_after, flip, ..
        } = *self.tampering.lock().unwrap();
        let bytes = if flip {
            bytes.map(|piece| piece.map(|piece| turned(&piece))).boxed()
        } else {
            bytes
        };
        let Some(limit) = cut_after else {
            return bytes;
        };
        let mut left = limit;
        let cut = move |piece: Result<Bytes>| {
            let piece = piece?;
            if left == 0 {
                return Err(Error::new(ErrorKind::Unavailable, "the line was cut"));
            }
            let piece = piece.slice(..piece.len().min(left));
            left -= piece.len();
            Ok(piece)
        };
        // One piece more than fits: the cut comes as an error, and nothing after it.
        let mut over = false;
        let pieces = bytes.flat_map(small).map(cut);
        pieces
            .take_while(move |piece| {
                let go_on = !over;
                over = piece.is_err();
                futures::future::ready(go_on)
            })
            .boxed()
    }
}

/// Divides a piece, so that a cut falls within.
fn small(piece: Result<Bytes>) -> futures::stream::Iter<std::vec::IntoIter<Result<Bytes>>> {
    let pieces = match piece {
        Ok(bytes) => {
            let at = |start: usize| bytes.slice(start..bytes.len().min(start + 100));
            (0..bytes.len())
                .step_by(100)
                .map(|start| Ok(at(start)))
                .collect()
        }
        Err(error) => vec![Err(error)],
    };
    futures::stream::iter(pieces)
}

fn turned(piece: &Bytes) -> Bytes {
    let mut piece = piece.to_vec();
    if let Some(byte) = piece.first_mut() {
        *byte ^= 1;
    }
    piece.into()
}

#[async_trait]
impl Source for Watched {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.budget.lock().unwrap().clone()
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.trap
            .call(format!("resolve {name}"), self.inner.resolve(name))
            .await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.trap
            .call(format!("fetch {name}"), self.inner.fetch(name))
            .await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        if self
            .tampering
            .lock()
            .unwrap()
            .unreadable
            .contains(&node.digest)
        {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("manifest {} is not here", node.digest),
            ));
        }
        let work = Source::manifest(&self.inner, node);
        self.trap.call(format!("read {}", node.digest), work).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let work = self.inner.blob(node, from);
        let bytes = self
            .trap
            .call(format!("blob {} {from}", node.digest), work)
            .await?;
        Ok(self.tamper(bytes))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let work = Source::referrers(&self.inner, subject);
        self.trap.call(format!("list {subject}"), work).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        if self.tampering.lock().unwrap().no_referrers {
            return Ok(false);
        }
        self.trap
            .call("may".to_owned(), self.inner.may_have_referrers())
            .await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.inner.tags()
    }
}

#[async_trait]
impl Sink for Watched {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.budget.lock().unwrap().clone()
    }

    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        self.trap
            .call(format!("have {}", nodes.len()), self.inner.have(nodes))
            .await
    }

    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        self.trap
            .call(format!("tagged {tag}"), self.inner.tagged(tag))
            .await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        let work = Sink::manifest(&self.inner, node);
        self.trap
            .call(format!("target read {}", node.digest), work)
            .await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let forgetful = self.tampering.lock().unwrap().forgetful;
        let work = async {
            let listed = Sink::referrers(&self.inner, subject).await?;
            Ok(if forgetful { Vec::new() } else { listed })
        };
        self.trap.call(format!("target list {subject}"), work).await
    }

    async fn put_blob(&self, blob: &dyn Blob, placement: &Placement) -> Result<Placed> {
        let digest = blob.descriptor().digest;
        if self.stall.load(Ordering::SeqCst) {
            let _begun = blob.open(0).await?.next().await;
            return std::future::pending().await;
        }
        let from = self
            .mountable
            .lock()
            .unwrap()
            .iter()
            .find(|other| placement.mount_from.as_ref() == other.location.repository())
            .cloned();
        let work = async {
            if let Some(from) = from {
                let node = blob.descriptor();
                let bytes = from.inner.blob(node, 0).await?;
                let bytes: Vec<Bytes> = futures::TryStreamExt::try_collect(bytes).await?;
                let blob = transship_oci::MemoryBlob::new(node.clone(), bytes.concat().into());
                self.inner.put_blob(&blob, placement).await?;
                return Ok(Placed::Mounted);
            }
            self.inner.put_blob(blob, placement).await
        };
        self.trap.call(format!("put blob {digest}"), work).await
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        let work = self.inner.put_manifest(manifest);
        self.trap
            .call(format!("put manifest {}", manifest.digest()), work)
            .await
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        let work = self.inner.tag(tags, manifest);
        self.trap
            .call(format!("tag {}", names.join(",")), work)
            .await
    }

    fn reader(&self) -> Option<&dyn Source> {
        Some(self)
    }

    async fn finish(&self) -> Result<()> {
        self.trap
            .call("finish".to_owned(), self.inner.finish())
            .await
    }
}
