//! The seam between the engine and everything it copies from or to.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{
    Blob, Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Repository, Result,
    Tag,
};

/// How a referrer is tied to its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tie {
    /// Its manifest has a `subject` field: found through the referrers API or the fallback tag.
    Subject,
    /// It lies under a tag made of the subject's digest, as cosign did before OCI 1.1 (`sha256-<hex>.sig`).
    Tag(Tag),
}

/// Something that belongs to an artifact: a signature, an attestation, an SBOM, or any other referrer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// The referrer's own manifest.
    pub descriptor: Descriptor,
    /// How it is tied to its subject.
    pub tie: Tie,
}

/// One repository, read side.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// For people, errors and events.
    fn location(&self) -> &Location;

    /// Room at the host behind it, for those that have one. See [`Budget`].
    fn budget(&self) -> Option<Arc<dyn Budget>>;

    /// Tag or digest to descriptor, without a body where that can be had (HEAD).
    async fn resolve(&self, name: &Name) -> Result<Descriptor>;

    /// Tag or digest to the manifest itself, in one request: for those who know that they will need the bytes.
    async fn fetch(&self, name: &Name) -> Result<RawManifest>;

    /// The exact, verified bytes of a manifest.
    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest>;

    /// The bytes of a blob from an offset on, *not* verified: the engine hashes them as they pass.
    /// The caller holds a permit of [`Source::budget`] until the stream is dropped.
    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream>;

    /// Everything that belongs to `subject`: referrers API, fallback tag and legacy tags, united by digest.
    /// An empty list means that there is nothing; a list that cannot be had is an error.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>>;

    /// Could any manifest here have referrers at all? `false` only where that is known for sure, from what was
    /// read anyway: a copy that finds the root unchanged then need not read an index to ask for its children's.
    async fn may_have_referrers(&self) -> Result<bool>;

    /// All tags, in the order of the other side.
    fn tags(&self) -> BoxStream<'_, Result<Tag>>;

    /// Forgets what was kept of earlier answers, so that no later one is older than this call. Asks nothing itself.
    fn forget(&self) {}

    /// Is it read from somewhere else than its location says? An archive keeps the names that its repositories had
    /// where they were gathered, so that a policy speaks of them by the same names on both sides of a gap. Nothing can
    /// be mounted from such a location, and a sink of the same location is another place.
    fn is_carried(&self) -> bool {
        false
    }

    /// Does it speak of this manifest or blob without holding it, because the target is said to have it? Known without
    /// a request. What is lacking is looked for at the target and never read here: reading it is `NotFound`.
    fn lacks(&self, node: &Descriptor) -> bool {
        let _ = node;
        false
    }
}

/// Is a node at the target already?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Yes.
    Present,
    /// No.
    Absent,
}

/// What is known about a blob that is about to be placed.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// A repository of the same registry where the blob is committed and from where it can be mounted.
    pub mount_from: Option<Repository>,
    /// The blob was just found absent, or belongs to a manifest that is: a small one is then sent unasked.
    pub absent: bool,
}

/// How a blob came to be at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It was there.
    Present,
    /// It was mounted from another repository of the registry.
    Mounted,
    /// It was sent; so many bytes went over the wire in this call.
    Sent(u64),
}

/// One repository, write side.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// For people, errors and events.
    fn location(&self) -> &Location;

    /// Room at the host behind it, for those that have one. See [`Budget`].
    fn budget(&self) -> Option<Arc<dyn Budget>>;

    /// Which of these manifests and blobs are there, answered in the order asked.
    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>>;

    /// What a tag points at now; `None` when there is no such tag.
    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>>;

    /// The exact bytes of a manifest that is there.
    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest>;

    /// What a reader of the target would find beside `subject`. See [`Source::referrers`].
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>>;

    /// Puts a blob there, by whatever way the other side takes. Idempotent.
    /// The caller holds a permit of [`Sink::budget`] until this returns.
    async fn put_blob(&self, blob: &dyn Blob, placement: &Placement) -> Result<Placed>;

    /// Puts a manifest there under its digest. When this returns, a manifest with a subject is also listed among its
    /// subject's referrers.
    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()>;

    /// Makes tags point at a manifest, which is put there with them. The last step of a publication.
    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()>;

    /// The same place as a reader finds it by now: where a gate reads the evidence again before a tag is published.
    /// `None` for what nobody can read before it is finished; whoever reads it then is to ask a gate of his own.
    fn reader(&self) -> Option<&dyn Source>;

    /// Completes the work: an archive is sealed here, a registry has nothing to do.
    async fn finish(&self) -> Result<()>;
}
