//! The journal in a folder: one small file an object, one line a part, readable by its owner alone.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use transship_oci::{Digest, Error, ErrorKind, Result, Retry, Side};

use crate::state::make_private;

use super::{BegunUpload, CutUpload, SentPart, UploadJournal, UploadPage};

/// The longest file that is read, in bytes: the most parts a store takes, with a long note each.
const MAX_FILE: u64 = 64 << 20;

/// How often a lock is asked for, and the pause between.
const PATIENCE: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Uploads remembered in a folder.
#[derive(Debug, Clone)]
pub struct FileUploadJournal {
    folder: PathBuf,
}

impl FileUploadJournal {
    /// The journal in `folder`, which is made when the first upload begins.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }
}

#[async_trait]
impl UploadJournal for FileUploadJournal {
    async fn open(&self, store: &str, key: &str) -> Result<Box<dyn UploadPage>> {
        let name = Digest::sha256(format!("{store}\n{key}").as_bytes()).hex();
        let path = self.folder.join(format!("{name}.jsonl"));
        let folder = self.folder.clone();
        let file = wait_for_lock(&folder, &path).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::Conflict,
                format!("{key} is being written by another process"),
            )
            .on(Side::Target)
            .at(store)
            .hinting("wait until it is done, or choose another name")
        })?;
        Ok(Box::new(Page(Arc::new(Inner {
            path,
            store: store.to_owned(),
            key: key.to_owned(),
            file: Mutex::new(file),
        }))))
    }
}

/// One file, held under a lock that ends with the process however that ends.
#[derive(Debug, Clone)]
struct Page(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    store: String,
    key: String,
    file: Mutex<File>,
}

impl Drop for Inner {
    /// Leaves no page on which nothing is written.
    fn drop(&mut self) {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let empty = file.metadata().is_ok_and(|found| found.len() == 0);
        if empty && is_at(file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[async_trait]
impl UploadPage for Page {
    async fn read(&self) -> Result<Option<CutUpload>> {
        let text = self.step(read).await?;
        Ok(parse(&text)
            .filter(|cut| cut.begun.store == self.0.store && cut.begun.key == self.0.key))
    }

    async fn begin(&self, upload: &BegunUpload) -> Result<()> {
        let line = line(upload)?;
        self.step(move |file| {
            file.set_len(0)?;
            append(file, &line)
        })
        .await
    }

    async fn add(&self, part: &SentPart) -> Result<()> {
        let line = line(part)?;
        self.step(move |file| append(file, &line)).await
    }

    async fn clear(&self) -> Result<()> {
        let path = self.0.path.clone();
        self.step(move |file| {
            // Emptied first, so that not even a file that cannot be removed brings the session back.
            file.set_len(0)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            }
        })
        .await
    }
}

impl Page {
    async fn step<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        step(&self.0.path, move || {
            work(&mut inner.file.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
    }
}

/// Runs a step with the disk where it cannot hold up others.
async fn step<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)
        .and_then(|done| done)
        .map_err(|cause| {
            Error::new(
                ErrorKind::Unavailable,
                "the journal of uploads cannot be used",
            )
            .on(Side::Local)
            .at(path.display())
            .retrying(Retry::No)
            .because(cause)
            .hinting("make the folder writable and see that there is room, or set XDG_STATE_HOME to one that is")
        })
}

/// The file at `path`, locked; `None` when somebody else has it and does not let go: whoever was killed just now may still
/// be on his way out.
async fn wait_for_lock(folder: &Path, path: &Path) -> Result<Option<File>> {
    for _ in 0..PATIENCE {
        let (folder, file) = (folder.to_owned(), path.to_owned());
        let locked = step(path, move || {
            make_private(&folder)?;
            lock(&file)
        });
        if let Some(file) = locked.await? {
            return Ok(Some(file));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}

/// The file at `path`, locked; `None` when another process has it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // A file system without locks: two writers of one object are then found out by the store.
            Err(TryLockError::Error(_)) => return Ok(Some(file)),
        }
        // Whoever had it may have removed it between our opening and our locking.
        if is_at(&file, path)? {
            return Ok(Some(file));
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((held.dev(), held.ino()) == (found.dev(), found.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    // An open file cannot be removed there.
    Ok(true)
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.sync_data()
}

fn line(entry: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry).map_err(|cause| {
        Error::new(ErrorKind::Internal, "an upload cannot be written down").because(cause)
    })?;
    line.push(b'\n');
    Ok(line)
}

/// What the lines say, as far as they are whole: a crash may have cut the last. A beginning that cannot be understood is
/// as good as none.
fn parse(text: &[u8]) -> Option<CutUpload> {
    let mut lines = text
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_suffix(b"\n"));
    let begun = serde_json::from_slice(lines.next()?).ok()?;
    let sent = lines
        .map_while(|line| serde_json::from_slice(line).ok())
        .collect();
    Some(CutUpload { begun, sent })
}

#[cfg(test)]
mod tests;
