//! A tar that was compressed as a whole: there is no way into its middle, and so it is unpacked to a disk first.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempDir;
use tokio::{sync::mpsc, task};
use transship_oci::{ByteStream, Error, ErrorKind, Result};

use super::{
    compression::{Compression, compression},
    files::Files,
    tar::TarFiles,
};
use crate::{
    reader::{Object, Reading},
    store::{FileStore, Store},
    tar::read::Limits,
};

/// Nothing is called a bomb that unpacks to no more than this.
const SMALL: u64 = 256 << 20;
/// How many times its size something may unpack to: layers that are compressed already grow by a few percent.
const RATIO: u64 = 100;
const NAME: &str = "unpacked.tar";
/// How many pieces may wait for the disk.
const AHEAD: usize = 4;

/// The files of a tar in a folder that goes when they do.
#[derive(Debug)]
pub(super) struct Unpacked {
    tar: TarFiles,
    at: String,
    _folder: TempDir,
}

/// How a file in a store is compressed.
pub(super) async fn how(store: Arc<dyn Store>, key: &str) -> Result<(Object, Compression)> {
    let (object, start) = Object::open(store, key, 512).await?;
    Ok((object, compression(&start)))
}

/// Unpacks a file into a folder below `scratch`.
///
/// # Errors
/// `Corrupt` for what is a bomb or does not end; `Unavailable` when the disk is full.
pub(super) async fn unpack(
    object: &Object,
    how: Compression,
    scratch: &Path,
    limits: Limits,
) -> Result<Unpacked> {
    let folder = TempDir::new_in(scratch).map_err(|cause| no_room(cause).at(scratch.display()))?;
    let file = File::create_new(folder.path().join(NAME)).map_err(no_room)?;
    let most = object.size().saturating_mul(RATIO).max(SMALL);
    let (sender, receiver) = mpsc::channel::<Bytes>(AHEAD);
    let writing = task::spawn_blocking(move || write(receiver, Capped { file, left: most }, how));
    let mut reading = Reading::new(object, 0);
    loop {
        let piece = reading.next(u64::MAX).await?;
        // The writer has gone when it has something to say.
        if piece.is_empty() || sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writing.await.map_err(|cause| {
        Error::new(ErrorKind::Internal, "unpacking was given up").because(cause)
    })?;
    written.map_err(|cause| object.fault(told(cause, most)))?;
    let store = Arc::new(FileStore::open(folder.path())?);
    Ok(Unpacked {
        tar: TarFiles::open(store, NAME, limits).await?,
        at: object.at().to_owned(),
        _folder: folder,
    })
}

fn write(mut pieces: mpsc::Receiver<Bytes>, file: Capped, how: Compression) -> io::Result<()> {
    let mut pour = |into: &mut dyn Write| -> io::Result<()> {
        while let Some(piece) = pieces.blocking_recv() {
            into.write_all(&piece)?;
        }
        Ok(())
    };
    match how {
        Compression::None => pour(&mut { file }),
        Compression::Gzip => {
            let mut decoder = flate2::write::MultiGzDecoder::new(file);
            pour(&mut decoder)?;
            decoder.finish().map(drop)
        }
        Compression::Zstd => {
            // A frame that was cut is a tar without an end, and is found out as one.
            let mut decoder = zstd::stream::write::Decoder::new(file)?;
            pour(&mut decoder)?;
            decoder.flush()
        }
    }
}

/// A file that does not grow beyond a size.
struct Capped {
    file: File,
    left: u64,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let written = self.file.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn told(cause: io::Error, most: u64) -> Error {
    match cause.kind() {
        io::ErrorKind::FileTooLarge => Error::new(
            ErrorKind::Corrupt,
            format!("it unpacks to more than {most} bytes, which no archive of its size does"),
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => no_room(cause),
        _ => Error::new(ErrorKind::Corrupt, "it cannot be unpacked").because(cause),
    }
}

fn no_room(cause: io::Error) -> Error {
    Error::new(ErrorKind::Invalid, "there is no room to unpack it")
        .because(cause)
        .hinting("make room, or name a folder on another disk with TMPDIR")
}

#[async_trait]
impl Files for Unpacked {
    fn at(&self) -> &str {
        &self.at
    }

    async fn size(&self, path: &str) -> Result<Option<u64>> {
        self.tar.size(path).await
    }

    async fn open(&self, path: &str, from: u64) -> Result<ByteStream> {
        self.tar.open(path, from).await
    }
}
