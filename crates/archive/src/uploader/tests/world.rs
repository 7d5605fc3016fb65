//! A small store under watch, with a journal in a folder.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use tempfile::TempDir;
use transship_oci::{Digest, Result};

use super::super::{UploadPlan, Uploader, journal::FileUploadJournal};
use crate::store::{Call, Capacity, Memory, Watched};

pub(super) const IN_FLIGHT: usize = 3;

pub(super) struct World {
    pub(super) memory: Memory,
    pub(super) watched: Watched,
    pub(super) folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Memory::new("mem"), |_| Box::pin(async { Ok(()) }))
    }

    pub(super) fn with(
        memory: Memory,
        watch: impl Fn(&Call) -> BoxFuture<'static, Result<()>> + Send + Sync + 'static,
    ) -> Self {
        let memory = memory.with_capacity(TENS);
        Self {
            watched: Watched::new(Arc::new(memory.clone())).asking(watch),
            memory,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A store whose parts have at most ten bytes.
    pub(super) fn small(location: &str) -> Memory {
        Memory::new(location).with_capacity(TENS)
    }

    pub(super) fn plan(size: u64) -> UploadPlan {
        UploadPlan {
            size,
            overwrite: false,
            metadata: [("category".to_owned(), "test".to_owned())].into(),
            fingerprint: Digest::sha256(b"head"),
        }
    }

    pub(super) fn journal(&self) -> FileUploadJournal {
        FileUploadJournal::new(self.folder.path())
    }

    pub(super) async fn open(&self, size: u64) -> Result<Uploader> {
        self.open_as(&Self::plan(size)).await
    }

    pub(super) async fn open_as(&self, plan: &UploadPlan) -> Result<Uploader> {
        let store = Arc::new(self.watched.clone());
        Uploader::open(store, "k", plan, &self.journal(), IN_FLIGHT).await
    }

    /// Waits until nothing of `uploader` is on its way.
    pub(super) async fn settle(&self, uploader: &Uploader) {
        let all = u32::try_from(IN_FLIGHT).unwrap();
        drop(uploader.room.acquire_many(all).await.unwrap());
    }

    /// How many uploads the journal remembers.
    pub(super) fn pages(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

const TENS: Capacity = Capacity {
    min_part: 1,
    max_part: 10,
    max_parts: 1000,
    max_object: None,
    free: None,
};

/// Bytes of which no two near ones are alike.
pub(super) fn bytes(length: usize) -> Bytes {
    (0..length)
        .map(|i| u8::try_from(i * 7 % 251).unwrap())
        .collect()
}

/// Pushes what is left of `body`, in chunks.
pub(super) async fn put(uploader: &mut Uploader, body: &Bytes, chunk: usize) -> Result<()> {
    let mut rest = body.slice(usize::try_from(uploader.offset()).unwrap()..);
    while !rest.is_empty() {
        let next = rest.split_to(chunk.min(rest.len()));
        uploader.push(next, &|| None).await?;
    }
    Ok(())
}
