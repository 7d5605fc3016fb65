//! An upload on disk: bytes are gathered, and written and hashed in large pieces while more of them arrive.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};
use transship_oci::{Algorithm, Digest, Error, ErrorKind, Hasher, Result};

use super::{
    files::{self, UPLOADS, blocking, unavailable},
    is_absent,
};
use crate::store::{Upload, mismatch};

/// How many bytes are gathered before they are written. Up to twice as many are in memory for one upload.
const WINDOW: usize = 1024 * 1024;
/// The size of the pieces in which a file is hashed again.
const PIECE: usize = 256 * 1024;

/// An upload on disk.
#[derive(Debug)]
pub(super) struct DiskUpload {
    folder: PathBuf,
    path: PathBuf,
    offset: u64,
    gathered: Vec<Bytes>,
    weight: usize,
    /// Where the file is: here, or with a writing that is under way. It is in one of the two at all times.
    writer: Option<Writer>,
    writing: Option<JoinHandle<(Writer, io::Result<()>)>>,
}

/// The file and the hash over what is in it.
#[derive(Debug)]
struct Writer {
    file: File,
    algorithm: Algorithm,
    hasher: Hasher,
}

impl DiskUpload {
    /// Starts one.
    pub(super) fn start(folder: PathBuf, id: &str, algorithm: Algorithm) -> Result<Self> {
        let path = folder.join(UPLOADS).join(id);
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(&path);
        let file = file.map_err(|cause| unavailable(&path, cause))?;
        Ok(Self::at(folder, path, Writer::new(file, algorithm)))
    }

    /// Takes up one that was left. Its bytes are hashed again: what the disk has is what counts.
    pub(super) fn resume(folder: PathBuf, id: &str) -> Result<Option<Self>> {
        let path = folder.join(UPLOADS).join(id);
        let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(file) => file,
            Err(cause) if is_absent(&cause) => return Ok(None),
            Err(cause) => return Err(unavailable(&path, cause)),
        };
        let hasher = rehash(&mut file, Algorithm::Sha256);
        let hasher = hasher.map_err(|cause| unavailable(&path, cause))?;
        let mut writer = Writer::new(file, Algorithm::Sha256);
        writer.hasher = hasher;
        Ok(Some(Self::at(folder, path, writer)))
    }

    fn at(folder: PathBuf, path: PathBuf, writer: Writer) -> Self {
        Self {
            folder,
            path,
            offset: writer.hasher.length(),
            gathered: Vec::new(),
            weight: 0,
            writer: Some(writer),
            writing: None,
        }
    }

    /// Waits for the writing that is under way. After a fault the upload is as long as its file.
    async fn settle(&mut self) -> Result<()> {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        let ended = writing.await;
        self.writing = None;
        let (writer, written) = ended.map_err(|cause| {
            Error::new(ErrorKind::Internal, "a writing ended early").because(cause)
        })?;
        let length = writer.hasher.length();
        self.writer = Some(writer);
        written.map_err(|cause| {
            self.offset = length;
            self.gathered.clear();
            self.weight = 0;
            unavailable(&self.path, cause)
        })
    }

    /// Has what was gathered written.
    fn write(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        if let Some(mut writer) = self.writer.take() {
            let pieces = std::mem::take(&mut self.gathered);
            self.weight = 0;
            self.writing = Some(spawn_blocking(move || {
                let written = writer.write(&pieces);
                (writer, written)
            }));
        }
    }
}

#[async_trait]
impl Upload for DiskUpload {
    fn offset(&self) -> u64 {
        self.offset
    }

    async fn append(&mut self, bytes: Bytes) -> Result<()> {
        self.offset += bytes.len() as u64;
        self.weight += bytes.len();
        self.gathered.push(bytes);
        if self.weight >= WINDOW {
            self.settle().await?;
            self.write();
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        self.settle().await?;
        self.write();
        self.settle().await
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<()> {
        self.settle().await?;
        let digest = *digest;
        blocking(move || {
            let Self {
                folder,
                path,
                gathered,
                writer,
                ..
            } = *self;
            let writer = writer
                .ok_or_else(|| Error::new(ErrorKind::Internal, "the upload has lost its file"))?;
            writer
                .commit(&gathered, &folder, &path, &digest)
                .inspect_err(|_| drop(fs::remove_file(&path)))
        })
        .await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        // A fault while writing does not matter any more.
        let _ = self.settle().await;
        let path = self.path;
        blocking(move || match fs::remove_file(&path) {
            Err(cause) if !is_absent(&cause) => Err(unavailable(&path, cause)),
            _ => Ok(()),
        })
        .await
    }
}

impl Writer {
    fn new(file: File, algorithm: Algorithm) -> Self {
        Self {
            file,
            algorithm,
            hasher: Hasher::new(algorithm),
        }
    }

    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        for piece in pieces {
            if let Err(cause) = self.file.write_all(piece) {
                // A part of the piece may be in the file. The hash has none of it, so the file must not either.
                self.file.set_len(self.hasher.length())?;
                return Err(cause);
            }
            self.hasher.update(piece);
        }
        Ok(())
    }

    fn commit(mut self, rest: &[Bytes], folder: &Path, path: &Path, digest: &Digest) -> Result<()> {
        let lost = |cause| unavailable(path, cause);
        self.write(rest).map_err(lost)?;
        let found = if digest.algorithm() == self.algorithm {
            self.hasher.finish()
        } else {
            // Who opened the session need not have said that the digest would be of another kind.
            let mut file = File::open(path).map_err(lost)?;
            rehash(&mut file, digest.algorithm())
                .map_err(lost)?
                .finish()
        };
        if found != *digest {
            return Err(mismatch(digest, &found));
        }
        self.file.sync_data().map_err(lost)?;
        files::publish(path, &files::blob(folder, digest)).map_err(lost)
    }
}

fn rehash(file: &mut File, algorithm: Algorithm) -> io::Result<Hasher> {
    let mut hasher = Hasher::new(algorithm);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher),
            read => hasher.update(&piece[..read]),
        }
    }
}
