//! What was taken, in a folder: one small file for each target and lineage.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Error, ErrorKind, Result, Retry, Side};

use super::Mark;
use crate::state::{make_private, write_whole};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// What was taken, remembered in a folder.
#[derive(Debug, Clone)]
pub struct FileSequences {
    folder: PathBuf,
}

/// What one file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    target: String,
    lineage: String,
    #[serde(rename = "last")]
    mark: Mark,
}

impl FileSequences {
    /// The memory in `folder`, which is made when the first archive is taken.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The last archive of `lineage` that `target` (a registry with a prefix) has taken.
    ///
    /// # Errors
    /// `Corrupt` when the file is damaged: that is not the same as if nothing had been taken; `Unavailable` when the
    /// folder cannot be used.
    pub async fn last(&self, target: &str, lineage: &str) -> Result<Option<Mark>> {
        let (path, target, lineage) = (
            self.path(target, lineage),
            target.to_owned(),
            lineage.to_owned(),
        );
        run(path, move |path| read(path, &target, &lineage)).await
    }

    /// Remembers that an archive was taken. An older one than is remembered changes nothing, unless `back` says that the
    /// way back is meant. Returns what is remembered now.
    ///
    /// # Errors
    /// As for [`FileSequences::last`].
    pub async fn took(&self, target: &str, lineage: &str, mark: Mark, back: bool) -> Result<Mark> {
        let folder = self.folder.clone();
        let entry = Entry {
            target: target.to_owned(),
            lineage: lineage.to_owned(),
            mark,
        };
        run(self.path(target, lineage), move |path| {
            let place = |cause| unusable(path, cause);
            make_private(&folder).map_err(place)?;
            // Two imports at once must not forget the later of the two. The lock ends with the file's handle.
            let lock = File::create(path.with_extension("lock")).map_err(place)?;
            lock.lock().map_err(place)?;
            let last = read(path, &entry.target, &entry.lineage)?;
            if let Some(last) = last
                && last.sequence > entry.mark.sequence
                && !back
            {
                return Ok(last);
            }
            let json = serde_json::to_vec(&entry).map_err(|cause| place(cause.into()))?;
            write_whole(&folder, path, &json).map_err(place)?;
            Ok(entry.mark)
        })
        .await
    }

    /// The file for one target and lineage: a name that says nothing and fits every file system.
    pub(super) fn path(&self, target: &str, lineage: &str) -> PathBuf {
        let key = Digest::sha256(format!("{target}\n{lineage}").as_bytes());
        self.folder.join(format!("{}.json", key.hex()))
    }
}

/// Works with the disk where it cannot hold up others.
async fn run<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
) -> Result<T> {
    let at = path.clone();
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    done.map_err(|cause| unusable(&at, io::Error::other(cause)))?
}

fn read(path: &Path, target: &str, lineage: &str) -> Result<Option<Mark>> {
    let bytes = match fs::metadata(path) {
        Ok(found) if found.len() > MAX_FILE => return Err(damaged(path)),
        Ok(_) => fs::read(path),
        Err(error) => Err(error),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, error)),
    };
    let entry: Entry =
        serde_json::from_slice(&bytes).map_err(|cause| damaged(path).because(cause))?;
    if entry.target != target || entry.lineage != lineage {
        return Err(damaged(path));
    }
    Ok(Some(entry.mark))
}

fn damaged(path: &Path) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "the file that remembers which archive was taken last is damaged",
    )
    .on(Side::Local)
    .at(path.display())
    .hinting(
        "bring it back from a backup, or remove it and look yourself that no archive is an old one",
    )
}

fn unusable(path: &Path, cause: io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "which archive was taken last cannot be looked up or remembered",
    )
    .on(Side::Local)
    .at(path.display())
    .because(cause)
    .retrying(Retry::No)
    .hinting("make the folder writable, or set XDG_STATE_HOME to one that is")
}
