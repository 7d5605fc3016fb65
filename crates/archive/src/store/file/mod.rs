//! Folders as stores: disks, shares, and what is carried by hand.
//!
//! An object is a plain file under its own name and nothing else. While it is written it has a name of its own beside the
//! place where it will be; it gets its name when all of it has reached the medium. No checksum and no metadata are
//! kept: there is no place for them in a plain file.

mod disk;
mod list;
mod medium;
mod publish;
#[cfg(unix)]
mod read_back;
mod upload;

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use futures::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use transship_oci::{Error, ErrorKind, Result};

#[cfg(unix)]
pub use self::read_back::ReadBack;
use self::{disk::Disk, medium::Medium, upload::FileUpload};
use super::{Capacity, Opened, Stat, Store, Upload, UploadSpec};

/// Bytes read at once.
const READ: usize = 512 << 10;
/// More parts than any journal should remember.
const MAX_PARTS: u32 = 1_000_000;

/// A folder as a store.
#[derive(Debug, Clone)]
pub struct FileStore {
    root: PathBuf,
    disk: Disk,
}

impl FileStore {
    /// The store in `folder`, which must be there: what is missing may be a medium that is not mounted, and an archive
    /// would then go to the disk below it.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder; `Invalid` when it is no folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let disk = Disk::new(folder.display().to_string());
        let root = std::path::absolute(folder).map_err(|error| disk.fault(error))?;
        let disk = Disk::new(root.display().to_string());
        match fs::metadata(&root) {
            Ok(found) if found.is_dir() => Ok(Self { root, disk }),
            Ok(_) => Err(disk.error(ErrorKind::Invalid, "this is no folder")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(disk
                .error(ErrorKind::NotFound, "there is no such folder")
                .hinting("make it, or mount the medium it belongs to")),
            Err(error) => Err(disk.fault(error)),
        }
    }

    /// Where an object lies.
    fn path(&self, key: &str) -> Result<PathBuf> {
        let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if key.split('/').all(sound) {
            Ok(self.root.join(key))
        } else {
            Err(self.disk.error(
                ErrorKind::Invalid,
                format!("{key:?} is not the name of a file below this folder"),
            ))
        }
    }

    /// Begins a file beside the place where it will be, or opens the one that was begun.
    async fn begin(&self, key: &str, spec: &UploadSpec) -> Result<FileUpload> {
        let target = self.path(key)?;
        let (root, key, spec, disk) = (
            self.root.clone(),
            key.to_owned(),
            spec.clone(),
            self.disk.clone(),
        );
        let begun = self.disk.run(move || {
            Ok(match &spec.session {
                Some(session) => FileUpload::resume(disk, root, target, &key, &spec, session),
                None => FileUpload::begin(disk, root, target, &key, &spec),
            })
        });
        begun.await?
    }
}

#[async_trait]
impl Store for FileStore {
    fn location(&self) -> &str {
        self.disk.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        let root = self.root.clone();
        let medium = self.disk.run(move || Medium::at(&root)).await?;
        Ok(Capacity {
            min_part: 1,
            max_part: u64::MAX,
            max_parts: MAX_PARTS,
            max_object: medium.max_file,
            free: medium.free,
        })
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let path = self.path(key)?;
        let found = self.disk.run(move || match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        });
        let Some(found) = found.await? else {
            return Ok(None);
        };
        if found.is_file() {
            Ok(Some(stat_of(key, &found)))
        } else {
            Err(self.is_no_file(key))
        }
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        let path = self.path(key)?;
        let opened = self.disk.run(move || {
            // Looked at before it is opened: to open a pipe would wait for its other end.
            if !fs::metadata(&path)?.is_file() {
                return Ok(None);
            }
            let file = fs::File::open(path)?;
            let found = file.metadata()?;
            Ok(Some((file, found)))
        });
        let (file, found) = opened.await?.ok_or_else(|| self.is_no_file(key))?;
        let stat = stat_of(key, &found);
        if etag.is_some() && etag != stat.etag.as_deref() {
            return Err(self.disk.error(
                ErrorKind::Drift,
                format!("{key} is not what it was when it was opened"),
            ));
        }
        let end = range.end.min(stat.size);
        let begin = range.start.min(end);
        let mut file = tokio::fs::File::from_std(file);
        let sought = file.seek(io::SeekFrom::Start(begin)).await;
        sought.map_err(|error| self.disk.fault(error))?;
        let disk = self.disk.clone();
        let bytes = ReaderStream::with_capacity(file.take(end - begin), READ)
            .map(move |piece| piece.map_err(|error| disk.fault(error)));
        Ok(Opened {
            stat,
            bytes: bytes.boxed(),
        })
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        let (root, prefix) = (self.root.clone(), prefix.to_owned());
        let listed = self.disk.run(move || list::files(&root, &prefix));
        listed
            .map(|listed| match listed {
                Ok(files) => stream::iter(files.into_iter().map(Ok)).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            })
            .flatten_stream()
            .boxed()
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        Ok(Box::new(self.begin(key, spec).await?))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key)?;
        let removed = self.disk.run(move || match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        });
        removed.await
    }
}

impl FileStore {
    fn is_no_file(&self, key: &str) -> Error {
        self.disk
            .error(ErrorKind::Invalid, format!("{key} is no plain file"))
    }
}

fn stat_of(key: &str, found: &fs::Metadata) -> Stat {
    Stat {
        key: key.to_owned(),
        size: found.len(),
        etag: Some(etag(found)),
        md5: None,
        modified: found.modified().ok(),
        metadata: std::collections::BTreeMap::new(),
    }
}

/// Which file, and when it was last written. Not on which device: a stick that is put in again has another number, and a
/// copy that was cut is to go on.
#[cfg(unix)]
fn etag(found: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!(
        "{:x}-{:x}-{:x}.{:09}",
        found.ino(),
        found.len(),
        found.mtime(),
        found.mtime_nsec()
    )
}

#[cfg(not(unix))]
fn etag(found: &fs::Metadata) -> String {
    format!("{:x}-{:?}", found.len(), found.modified().ok())
}

#[cfg(test)]
mod tests;
