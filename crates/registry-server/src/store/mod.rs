//! What a registry keeps: repositories with manifests, tags, blobs and uploads that are under way.
//!
//! [`Memory`], [`Disk`] and [`Sources`] keep them; the HTTP side of this crate and [`Local`](crate::Local) use them.
//! One repository holds its content in one pool by digest. A *manifest* is a piece of that content that is listed as one;
//! deleting it takes it off the list and leaves the bytes, which go when they are deleted as a blob.

mod check;
mod disk;
mod index;
mod memory;
mod source;

use std::{fmt::Debug, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use transship_oci::{
    Algorithm, ByteStream, Descriptor, Digest, Error, ErrorKind, Name, RawManifest, Result, Tag,
};

pub use check::complete;
pub(crate) use check::read;
pub use disk::{Disk, DiskRepository};
pub use memory::{Memory, MemoryRepository};
pub use source::{SourceRepository, Sources};

/// Many repositories.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// The names of all repositories, in the order of their bytes.
    async fn names(&self) -> Result<Vec<String>>;

    /// A repository that exists.
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn StoredRepository>>>;

    /// A repository, made if it does not exist. The name is valid by distribution-spec.
    async fn create(&self, name: &str) -> Result<Arc<dyn StoredRepository>>;

    /// Gives `to` a blob that `from` has, without reading it where that can be had. Makes `to` if need be.
    /// `false` when `from` does not have the blob.
    async fn link(&self, blob: &Digest, from: &str, to: &str) -> Result<bool>;
}

/// One repository.
#[async_trait]
pub trait StoredRepository: Debug + Send + Sync {
    /// The manifest that a tag or a digest names: media type, digest and size.
    async fn find(&self, name: &Name) -> Result<Option<Descriptor>>;

    /// A manifest's verified bytes.
    async fn manifest(&self, digest: &Digest) -> Result<Option<RawManifest>>;

    /// All manifests, by digest.
    async fn manifests(&self) -> Result<Vec<Descriptor>>;

    /// At most `limit` tags in the order of their bytes, those behind `after`, which need not exist.
    async fn tags(&self, after: Option<&str>, limit: usize) -> Result<Vec<Tag>>;

    /// The manifests that name `subject` as theirs, by digest, with artifact type and annotations
    /// (distribution-spec, "Listing Referrers").
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>>;

    /// Does any manifest name a subject?
    async fn has_referrers(&self) -> Result<bool>;

    /// A blob's size in bytes, if it is here.
    async fn size(&self, blob: &Digest) -> Result<Option<u64>>;

    /// All blobs, by digest: the content that is not a listed manifest.
    async fn blobs(&self) -> Result<Vec<Digest>>;

    /// A part of a blob. The whole of it, read to its end, has been verified: bytes that do not hash to the digest
    /// end in an error before the last piece.
    ///
    /// # Errors
    /// `NotFound` when it is not here.
    async fn read(&self, blob: &Digest, range: Range<u64>) -> Result<ByteStream>;

    /// Keeps a manifest and makes `tags` point at it, all of it or nothing.
    ///
    /// # Errors
    /// `Conflict` when a tag is not as `expect` has it.
    async fn put(&self, manifest: &RawManifest, tags: &[Tag], expect: Expect) -> Result<()>;

    /// Takes a manifest off the list, and every tag that points at it. `false` when there was none.
    async fn delete_manifest(&self, digest: &Digest) -> Result<bool>;

    /// Removes a tag. `false` when there was none.
    async fn delete_tag(&self, tag: &Tag) -> Result<bool>;

    /// Removes a blob. `false` when there was none.
    ///
    /// # Errors
    /// `Unsupported` for the bytes of a listed manifest.
    async fn delete_blob(&self, blob: &Digest) -> Result<bool>;

    /// Starts an upload under an id of at most 64 letters, digits and dashes.
    async fn start(&self, id: &str, algorithm: Algorithm) -> Result<Box<dyn Upload>>;

    /// Takes up an upload that an earlier process left, at the last byte that it kept.
    async fn resume(&self, id: &str) -> Result<Option<Box<dyn Upload>>>;
}

/// How tags must be before a manifest is put under them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Any way they like.
    Anything,
    /// None of them exists.
    Absent,
    /// Each points at this manifest.
    Is(Digest),
}

/// An upload that is under way.
///
/// Every method may be dropped half-way: what was appended stays, and the next call goes on from there.
#[async_trait]
pub trait Upload: Debug + Send {
    /// How many bytes it holds.
    fn offset(&self) -> u64;

    /// Adds bytes at the end.
    async fn append(&mut self, bytes: Bytes) -> Result<()>;

    /// Waits until all that was appended would survive the end of this process.
    async fn flush(&mut self) -> Result<()>;

    /// Makes a blob of it. When this returns, a crash of the machine cannot lose it.
    ///
    /// # Errors
    /// `DigestMismatch` when the bytes do not hash to `digest`; the upload is gone then too.
    async fn commit(self: Box<Self>, digest: &Digest) -> Result<()>;

    /// Gives it up.
    async fn abort(self: Box<Self>) -> Result<()>;
}

/// What a store says that can be read only.
pub(crate) fn read_only() -> Error {
    Error::new(ErrorKind::Unsupported, "the registry is read only")
}

/// What a store says of a blob that it does not have.
pub(crate) fn no_blob(digest: &Digest) -> Error {
    Error::new(ErrorKind::NotFound, format!("blob {digest} is not here"))
}

/// What a store says to one who would delete a manifest's bytes as a blob.
pub(crate) fn listed(digest: &Digest) -> Error {
    let message = format!("{digest} is a manifest; delete it as one first");
    Error::new(ErrorKind::Unsupported, message)
}

/// What a store says of bytes that are not what the sender said.
pub(crate) fn mismatch(expected: &Digest, found: &Digest) -> Error {
    Error::new(
        ErrorKind::DigestMismatch,
        format!("blob {expected} was announced, but the bytes hash to {found}"),
    )
}
