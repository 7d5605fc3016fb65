//! The journal: what must outlive a crash so that an upload can go on.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Digest, HashState, Repository, Result};

/// An upload in the middle of its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Where the session can be asked and continued. Treated as a secret: whoever has it can write to the session.
    pub session: String,
    /// How many bytes are known to be sent.
    pub offset: u64,
    /// The hash over the first bytes of the source.
    pub hash: Option<HashState>,
    /// When the session was opened, in seconds since 1970.
    pub started: u64,
}

/// Where checkpoints are kept, one for each blob and target repository.
#[async_trait]
pub trait Journal: Debug + Send + Sync {
    /// The checkpoint of an interrupted upload, if there is one.
    async fn load(&self, target: &Repository, blob: &Digest) -> Result<Option<Checkpoint>>;
    /// Writes a checkpoint; when this returns, a crash cannot lose it.
    async fn save(&self, target: &Repository, blob: &Digest, checkpoint: &Checkpoint)
    -> Result<()>;
    /// Forgets it: the blob is committed, or the session is gone.
    async fn clear(&self, target: &Repository, blob: &Digest) -> Result<()>;
}

/// The journal that remembers nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn load(&self, _: &Repository, _: &Digest) -> Result<Option<Checkpoint>> {
        Ok(None)
    }

    async fn save(&self, _: &Repository, _: &Digest, _: &Checkpoint) -> Result<()> {
        Ok(())
    }

    async fn clear(&self, _: &Repository, _: &Digest) -> Result<()> {
        Ok(())
    }
}
