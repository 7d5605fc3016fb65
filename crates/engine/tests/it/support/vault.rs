//! What an archive is to the engine: it takes blobs in one order and no other, shows nothing before it is finished, and is
//! read afterwards under the name of the repository that was gathered.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use tokio::sync::watch;
use transship_oci::{
    Artifact, Blob, Budget, ByteStream, Descriptor, Digest, Error, ErrorKind, HashState, Location,
    Name, Placed, Placement, Presence, RawManifest, Referrer, Result, Sink, Source, Tag, Tie,
};

use super::Trap;

/// Bytes of a part: what a crash leaves of a blob is a whole number of them.
pub(crate) const PART: usize = 1024;

/// What outlives a crash.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// Blobs that are whole, in the order in which they came.
    pub(crate) blobs: Vec<(Digest, Bytes)>,
    /// The parts of the one in the middle, and what was noted there.
    pub(crate) partial: Vec<u8>,
    pub(crate) note: Option<HashState>,
    pub(crate) manifests: Vec<RawManifest>,
    pub(crate) tags: Vec<(Tag, Digest)>,
    pub(crate) finished: bool,
}

#[derive(Debug)]
pub(crate) struct Vault {
    order: Vec<Descriptor>,
    referrers: Vec<(Digest, Referrer)>,
    turn: watch::Sender<usize>,
    kept: Mutex<Kept>,
    pub(crate) trap: Arc<Trap>,
    pub(crate) budget: Option<Arc<dyn Budget>>,
    place: Location,
    name: Location,
    /// The first blob is not taken before the sources of so many were opened, as this trap counts.
    pub(crate) patient: Option<(Arc<Trap>, usize)>,
    /// As a source: what is spoken of and not held.
    lacking: BTreeSet<Digest>,
}

impl Vault {
    /// A vault for artifacts of one repository, which takes `order`.
    pub(crate) fn new(artifacts: &[&Artifact], order: Vec<Descriptor>, trap: &Arc<Trap>) -> Self {
        let repository = &artifacts[0].reference.repository;
        let blobs = artifacts.iter().flat_map(|one| &one.blobs);
        let held: BTreeSet<Digest> = order.iter().map(|blob| blob.digest).collect();
        Self {
            lacking: blobs
                .map(|blob| blob.digest)
                .filter(|digest| !held.contains(digest))
                .collect(),
            order,
            referrers: artifacts
                .iter()
                .flat_map(|one| one.referrers.clone())
                .collect(),
            turn: watch::channel(0).0,
            kept: Mutex::default(),
            trap: Arc::clone(trap),
            budget: None,
            patient: None,
            place: Location::Local("vault".to_owned()),
            name: Location::Registry(repository.clone()),
        }
    }

    /// What is left after a crash, and another process that takes it up.
    pub(crate) fn reopened(self: &Arc<Self>, trap: &Arc<Trap>) -> Self {
        let kept = std::mem::take(&mut *self.kept());
        self.holding(kept, trap)
    }

    /// The same archive, carried to one more place.
    pub(crate) fn copied(self: &Arc<Self>, trap: &Arc<Trap>) -> Self {
        let kept = self.kept().clone();
        self.holding(kept, trap)
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    fn holding(&self, kept: Kept, trap: &Arc<Trap>) -> Self {
        Self {
            order: self.order.clone(),
            referrers: self.referrers.clone(),
            turn: watch::channel(kept.blobs.len()).0,
            kept: Mutex::new(kept),
            trap: Arc::clone(trap),
            budget: None,
            patient: None,
            place: self.place.clone(),
            name: self.name.clone(),
            lacking: self.lacking.clone(),
        }
    }

    /// Speaks of a manifest, and does not hold it.
    pub(crate) fn without(mut self, manifest: &Digest) -> Self {
        self.lacking.insert(*manifest);
        self.kept()
            .manifests
            .retain(|one| one.digest() != *manifest);
        self
    }

    fn held(&self, digest: &Digest) -> Option<Bytes> {
        let kept = self.kept();
        let (_, bytes) = kept.blobs.iter().find(|(held, _)| held == digest)?;
        Some(bytes.clone())
    }

    fn find(&self, digest: &Digest) -> Result<RawManifest> {
        let kept = self.kept();
        let found = kept.manifests.iter().find(|one| one.digest() == *digest);
        found.cloned().ok_or_else(|| missing(digest))
    }

    /// Takes one blob when its turn has come.
    async fn take(&self, blob: &dyn Blob) -> Result<Placed> {
        let digest = blob.descriptor().digest;
        if self.held(&digest).is_some() {
            return Ok(Placed::Present);
        }
        let place = self.order.iter().position(|one| one.digest == digest);
        let place = place.unwrap_or_else(|| panic!("{digest} is not expected"));
        let mut turn = self.turn.subscribe();
        let at_hand = *turn.borrow() == place;
        let from = if at_hand {
            self.kept().partial.len()
        } else {
            0
        };
        if let Some(note) = self.kept().note.take().filter(|_| at_hand) {
            assert!(
                blob.restore(&note) <= from as u64,
                "a hash of what is not here"
            );
        }
        let mut bytes = blob.open(from as u64).await?;
        let mut piece = bytes.next().await.transpose()?;
        turn.wait_for(|turn| *turn == place).await.unwrap();
        self.wait_for_others().await;
        let mut sent = 0;
        while let Some(more) = piece {
            sent += more.len() as u64;
            self.append(&more, blob);
            piece = bytes.next().await.transpose()?;
        }
        let mut kept = self.kept();
        kept.note = None;
        let whole = std::mem::take(&mut kept.partial);
        assert_eq!(whole.len() as u64, blob.descriptor().size);
        kept.blobs.push((digest, whole.into()));
        drop(kept);
        self.turn.send_replace(place + 1);
        Ok(Placed::Sent(sent))
    }

    async fn wait_for_others(&self) {
        let Some((reads, wanted)) = &self.patient else {
            return;
        };
        for _ in 0..100_000 {
            if reads.calls("blob ") >= *wanted {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{wanted} sources are not open at once: {:?}", reads.log());
    }

    fn append(&self, piece: &[u8], blob: &dyn Blob) {
        let mut kept = self.kept();
        let before = kept.partial.len() / PART;
        kept.partial.extend_from_slice(piece);
        if kept.partial.len() / PART > before {
            kept.note = blob.hash_state();
        }
    }

    /// What a process loses that dies now: the part that is not whole.
    pub(crate) fn crash(&self) {
        let mut kept = self.kept();
        let whole = kept.partial.len() / PART * PART;
        kept.partial.truncate(whole);
    }
}

fn missing(what: &impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::NotFound, format!("{what} is not here"))
}

#[async_trait]
impl Sink for Vault {
    fn location(&self) -> &Location {
        &self.place
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        self.budget.clone()
    }

    async fn have(&self, _: &[Descriptor]) -> Result<Vec<Presence>> {
        panic!("nobody asks an archive that is being written")
    }

    async fn tagged(&self, _: &Tag) -> Result<Option<Descriptor>> {
        panic!("nobody asks an archive that is being written")
    }

    async fn manifest(&self, _: &Descriptor) -> Result<RawManifest> {
        panic!("nobody reads an archive that is being written")
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Referrer>> {
        panic!("nobody reads an archive that is being written")
    }

    async fn put_blob(&self, blob: &dyn Blob, _: &Placement) -> Result<Placed> {
        let what = format!("put blob {}", blob.descriptor().digest);
        self.trap.call(what, self.take(blob)).await
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        let work = async {
            assert_eq!(self.kept().blobs.len(), self.order.len(), "blobs are first");
            self.kept().manifests.push(manifest.clone());
            Ok(())
        };
        let what = format!("put manifest {}", manifest.digest());
        self.trap.call(what, work).await
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        let work = async {
            let digest = manifest.digest();
            let tags = tags.iter().map(|tag| (tag.clone(), digest));
            self.kept().tags.extend(tags);
            Ok(())
        };
        self.trap
            .call(format!("tag {}", names.join(",")), work)
            .await
    }

    fn reader(&self) -> Option<&dyn Source> {
        None
    }

    async fn finish(&self) -> Result<()> {
        let work = async {
            self.kept().finished = true;
            Ok(())
        };
        self.trap.call("finish".to_owned(), work).await
    }
}

#[async_trait]
impl Source for Vault {
    fn location(&self) -> &Location {
        &self.name
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        Ok(self.fetch(name).await?.descriptor().clone())
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        assert!(self.kept().finished, "read before it is finished");
        let digest = match name {
            Name::Digest(digest) => Some(*digest),
            Name::Tag(tag) => {
                let kept = self.kept();
                let found = kept.tags.iter().find(|(one, _)| one == tag);
                found.map(|(_, digest)| *digest)
            }
        };
        self.find(&digest.ok_or_else(|| missing(name))?)
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.find(&node.digest)
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let work = async {
            let bytes = self
                .held(&node.digest)
                .ok_or_else(|| missing(&node.digest))?;
            let bytes = bytes.slice(usize::try_from(from).unwrap()..);
            Ok(futures::stream::iter([Ok(bytes)]).boxed())
        };
        let what = format!("blob {} {from}", node.digest);
        self.trap.call(what, work).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let all = self.referrers.iter().filter(|(of, _)| of == subject);
        let mut found: Vec<Referrer> = all.map(|(_, referrer)| referrer.clone()).collect();
        let key = |one: &Referrer| (one.descriptor.digest, tag_of(one));
        found.sort_by_key(key);
        found.dedup_by_key(|one| key(one));
        Ok(found)
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        Ok(!self.referrers.is_empty())
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        let tags: Vec<_> = self
            .kept()
            .tags
            .iter()
            .map(|(tag, _)| Ok(tag.clone()))
            .collect();
        futures::stream::iter(tags).boxed()
    }

    fn is_carried(&self) -> bool {
        true
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.lacking.contains(&node.digest)
    }
}

fn tag_of(referrer: &Referrer) -> Option<Tag> {
    match &referrer.tie {
        Tie::Subject => None,
        Tie::Tag(tag) => Some(tag.clone()),
    }
}
