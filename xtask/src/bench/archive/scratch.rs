//! A folder that one leg may use for temporary files, and the most that ever lay there.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::super::Result;

/// Files come and go faster than this only when they are small.
const EVERY: Duration = Duration::from_millis(10);

/// The folder. It is gone with this.
pub(super) struct Scratch {
    folder: TempDir,
    most: u64,
    looked: Option<Instant>,
}

impl Scratch {
    /// An empty one.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            most: 0,
            looked: None,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Looks how much lies there, unless somebody just did.
    pub(super) fn watch(&mut self) {
        if self.looked.is_none_or(|looked| looked.elapsed() >= EVERY) {
            self.most = self.most.max(allocated(self.path()));
            self.looked = Some(Instant::now());
        }
    }

    /// The most that lay there, in bytes that the disk has given away.
    pub(super) fn most(&self) -> u64 {
        self.most.max(allocated(self.path()))
    }
}

/// What all files below a folder take. One that vanishes meanwhile takes nothing.
fn allocated(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => allocated(&entry.path()),
            // What `stat` calls a block has 512 bytes, whatever the disk's are.
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
