//! Stores: where archives lie and from where they are read.

mod address;
mod azure;
mod cloud;
mod copy;
mod file;
mod gcs;
mod memory;
mod open;
pub mod preflight;
mod s3;
mod sas;
mod watched;

use std::{collections::BTreeMap, fmt, ops::Range, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use transship_oci::{ByteStream, Result};

pub use address::{Address, AzureAddress, BucketAddress};
pub use azure::AzureStore;
pub use cloud::{CloudSettings, Environment, Patience};
pub use copy::CopySource;
pub use file::FileStore;
#[cfg(unix)]
pub use file::ReadBack;
pub use gcs::GcsStore;
pub use memory::Memory;
pub use s3::S3Store;
pub use sas::{Kind as SasKind, Sas, Terms as SasTerms};
pub use watched::{Call, Watched};

/// What a store says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its name, relative to the store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Changes whenever the content does, where the store has such a thing.
    pub etag: Option<String>,
    /// The checksum that the store keeps of the whole.
    pub md5: Option<[u8; 16]>,
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// What its writer said of it; lower-case names.
    pub metadata: BTreeMap<String, String>,
}

/// An object that is being read.
pub struct Opened {
    /// The whole object, as it was when it was opened. Without metadata and checksum where they would cost a request.
    pub stat: Stat,
    /// The bytes of the range, up to the end of the object.
    pub bytes: ByteStream,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("stat", &self.stat)
            .finish_non_exhaustive()
    }
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSpec {
    /// All of its bytes.
    pub size: u64,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// May it take the place of an object that is there?
    pub overwrite: bool,
    /// What to say of it, where the store can keep it.
    pub metadata: BTreeMap<String, String>,
    /// The session of an upload that was cut, to go on with it.
    pub session: Option<String>,
}

/// A part that a store has, of an object that is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPart {
    /// Which, from 0.
    pub part: u32,
    /// Bytes.
    pub size: u64,
    /// What [`Upload::put`] returned for it.
    pub receipt: String,
}

/// How much a store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// The smallest part, the last one excepted.
    pub min_part: u64,
    /// The largest part.
    pub max_part: u64,
    /// The most parts of one object.
    pub max_parts: u32,
    /// The largest object, where it is less than all parts together (FAT: 4 GiB less one byte).
    pub max_object: Option<u64>,
    /// Bytes free, where that can be known.
    pub free: Option<u64>,
}

/// A container of a cloud with a prefix, or a folder.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// For people and errors: says nothing that is secret.
    fn location(&self) -> &str;

    /// How much it takes.
    async fn capacity(&self) -> Result<Capacity>;

    /// What there is to say about `key`; `None` when there is no such object.
    async fn stat(&self, key: &str) -> Result<Option<Stat>>;

    /// Reads a range, which may reach beyond the end, in one request.
    /// With `etag`, only if the object is still the same.
    ///
    /// # Errors
    /// `NotFound`; `Drift` when the object is another one by now.
    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened>;

    /// All objects whose names begin with `prefix`, in the order of the store.
    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>>;

    /// Begins an upload, or goes on with the one whose session is named. Nothing is visible before it is complete.
    ///
    /// # Errors
    /// `Conflict` when the object is there and may not be replaced; `NotFound` when the session is gone.
    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>>;

    /// What another store of the same kind needs to fetch `key` by itself.
    ///
    /// # Errors
    /// `Unsupported` where there is no such thing: the bytes have to come through this machine.
    async fn offer(&self, key: &str) -> Result<CopySource> {
        let _ = key;
        Err(copy::unsupported())
    }

    /// Makes `key` of what another store offers, without the bytes coming to this machine. Of `spec`, its leave to overwrite
    /// and its metadata count. The checksum of the copy is what the source says, not what anybody counted.
    ///
    /// # Errors
    /// `Unsupported` when the two stores cannot do it between them; `Conflict` as [`Upload::complete`].
    async fn copy_from(&self, key: &str, source: &CopySource, spec: &UploadSpec) -> Result<()> {
        let _ = (key, source, spec);
        Err(copy::unsupported())
    }

    /// Removes an object. One that is not there is no error.
    async fn delete(&self, key: &str) -> Result<()>;
}

/// An object that is being written, part by part, in any order and several at once.
#[async_trait]
pub trait Upload: fmt::Debug + Send + Sync {
    /// What another process needs to go on with it. A secret: whoever has it can write to it.
    fn session(&self) -> &str;

    /// Puts a part, counted from 0. A part put twice counts once. Returns what [`Upload::complete`] needs to name it.
    async fn put(&self, part: u32, bytes: Bytes) -> Result<String>;

    /// The parts that the store has by now, for an upload that was taken up again: they need not be sent again though
    /// nobody wrote down that they arrived. `None` where the store cannot tell.
    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        Ok(None)
    }

    /// Makes the object visible, of all its parts in order; an empty object has none. `md5` is over the whole, for stores
    /// that keep it.
    ///
    /// # Errors
    /// `Conflict` when another writer was faster and the object may not be replaced.
    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()>;

    /// Throws away what was put.
    async fn abort(&self) -> Result<()>;
}
