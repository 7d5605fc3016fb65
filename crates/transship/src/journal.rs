//! The journal on disk: uploads that a crash cut off, so that the next run can go on with them.
//!
//! One small file an upload, below the state folder, readable by its owner alone: a session's URL lets whoever has it
//! write to that session. Every file names the process that made it by a lock file, which the system lets go when that
//! process ends however it ends. So a second process never takes up a session that the first is still writing to.

mod owner;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use transship_oci::{Checkpoint, Digest, Error, ErrorKind, Journal, Repository, Result, Side};

use self::owner::Owner;

/// The longest entry that is read, in bytes: a session's URL may be long, but not so long.
const MAX_ENTRY: u64 = 64 * 1024;

/// Checkpoints in a folder.
#[derive(Debug, Clone)]
pub(crate) struct FileJournal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    owner: Owner,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    owner: String,
    target: String,
    blob: Digest,
    checkpoint: Checkpoint,
}

impl FileJournal {
    /// The journal in `folder`, which is made when the first checkpoint is saved. `name` is this process's own, never
    /// used before.
    pub(crate) fn new(folder: PathBuf, name: String) -> Self {
        let owner = Owner::new(folder.join("owners"), name);
        Self(Arc::new(Inner { folder, owner }))
    }

    /// Runs a step with the disk where it cannot hold up the others.
    async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        let at = inner.folder.display().to_string();
        let done = tokio::task::spawn_blocking(move || step(&inner)).await;
        done.map_err(io::Error::other)
            .and_then(|done| done)
            .map_err(|cause| {
                Error::new(
                    ErrorKind::Unavailable,
                    "the journal of uploads cannot be used",
                )
                .on(Side::Local)
                .at(at)
                .because(cause)
                .hinting("make the folder writable, or set XDG_STATE_HOME to one that is")
            })
    }
}

#[async_trait]
impl Journal for FileJournal {
    async fn load(&self, target: &Repository, blob: &Digest) -> Result<Option<Checkpoint>> {
        let (target, blob) = (target.to_string(), *blob);
        self.step(move |inner| {
            let entry = inner.read(&target, &blob)?;
            Ok(entry
                .filter(|entry| !inner.owner.is_another_alive(&entry.owner))
                .map(|entry| entry.checkpoint))
        })
        .await
    }

    async fn save(
        &self,
        target: &Repository,
        blob: &Digest,
        checkpoint: &Checkpoint,
    ) -> Result<()> {
        let (target, blob, checkpoint) = (target.to_string(), *blob, checkpoint.clone());
        self.step(move |inner| {
            // Somebody else is sending the same blob there: the entry is theirs while they live.
            if let Some(entry) = inner.read(&target, &blob)?
                && inner.owner.is_another_alive(&entry.owner)
            {
                return Ok(());
            }
            make_private(&inner.folder)?;
            inner.owner.claim()?;
            let path = inner.path(&target, &blob);
            let entry = Entry {
                owner: inner.owner.name().to_owned(),
                target,
                blob,
                checkpoint,
            };
            write_whole(&inner.folder, &path, &serde_json::to_vec(&entry)?)
        })
        .await
    }

    async fn clear(&self, target: &Repository, blob: &Digest) -> Result<()> {
        let (target, blob) = (target.to_string(), *blob);
        self.step(move |inner| {
            if let Some(entry) = inner.read(&target, &blob)?
                && inner.owner.is_another_alive(&entry.owner)
            {
                return Ok(());
            }
            absent_is_fine(fs::remove_file(inner.path(&target, &blob)))
        })
        .await
    }
}

impl Inner {
    /// The file for one upload: a name that says nothing and fits every file system.
    fn path(&self, target: &str, blob: &Digest) -> PathBuf {
        let key = Digest::sha256(format!("{target}\n{blob}").as_bytes());
        self.folder.join(format!("{}.json", key.hex()))
    }

    /// The entry, unless there is none; one that cannot be understood is as good as none.
    fn read(&self, target: &str, blob: &Digest) -> io::Result<Option<Entry>> {
        let path = self.path(target, blob);
        let bytes = match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_ENTRY => return Ok(None),
            Ok(_) => fs::read(&path),
            Err(error) => Err(error),
        };
        match bytes {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)
                .ok()
                .filter(|entry: &Entry| entry.target == target && entry.blob == *blob)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Makes a folder that only its owner can look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file so that after a crash the old content is there or the new, whole.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Temporary files are made with mode 0600, and the mode stays.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself must reach the disk too.
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests;
