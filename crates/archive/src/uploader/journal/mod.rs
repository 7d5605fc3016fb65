//! What must outlive a crash so that an upload to a store can go on: the session, and which parts arrived.

mod file;

use std::{collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Result};

pub use file::FileUploadJournal;

/// An upload as it was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BegunUpload {
    /// The store, as it may be shown.
    pub store: String,
    /// The object's name.
    pub key: String,
    /// What another process needs to go on. A secret: whoever has it can write to the object.
    pub session: String,
    /// What the bytes are.
    pub fingerprint: Digest,
    /// All of its bytes.
    pub size: u64,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// What was said of the object when the session was opened.
    pub metadata: BTreeMap<String, String>,
}

/// A part that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SentPart {
    /// Which, from 0.
    pub part: u32,
    /// What the store gave for it.
    pub receipt: String,
    /// The state of the checksum at its end.
    pub sum: String,
    /// What the producer of the stream wished to remember at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An upload that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutUpload {
    /// As it was begun.
    pub begun: BegunUpload,
    /// What arrived, in any order and with holes.
    pub sent: Vec<SentPart>,
}

/// Where uploads are remembered.
#[async_trait]
pub trait UploadJournal: Debug + Send + Sync {
    /// Opens the page for one object. Until it is dropped nobody else has it.
    ///
    /// # Errors
    /// `Conflict` when another process is writing the same object.
    async fn open(&self, store: &str, key: &str) -> Result<Box<dyn UploadPage>>;
}

/// What is remembered of the upload of one object.
#[async_trait]
pub trait UploadPage: Debug + Send + Sync {
    /// The upload that was cut, if there is one.
    async fn read(&self) -> Result<Option<CutUpload>>;
    /// Begins anew, and forgets what was there.
    async fn begin(&self, upload: &BegunUpload) -> Result<()>;
    /// Adds a part; when this returns, a crash cannot lose it.
    async fn add(&self, part: &SentPart) -> Result<()>;
    /// Forgets all: the object is complete, or the session is gone.
    async fn clear(&self) -> Result<()>;
}

/// The journal that remembers nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoUploadJournal;

#[async_trait]
impl UploadJournal for NoUploadJournal {
    async fn open(&self, _: &str, _: &str) -> Result<Box<dyn UploadPage>> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl UploadPage for NoUploadJournal {
    async fn read(&self) -> Result<Option<CutUpload>> {
        Ok(None)
    }

    async fn begin(&self, _: &BegunUpload) -> Result<()> {
        Ok(())
    }

    async fn add(&self, _: &SentPart) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}
