//! Reading a blob: one piece ahead of the reader, hashed on the way.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    ops::Range,
    path::PathBuf,
};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::task::{JoinHandle, spawn_blocking};
use transship_oci::{ByteStream, Digest, Error, ErrorKind, Hasher, Result};

use super::{
    files::{blocking, unavailable},
    is_absent,
    load::damaged,
};
use crate::store::no_blob;

/// The size of one piece in bytes. Two of them are in memory for each reader.
const PIECE: u64 = 256 * 1024;

/// A reader between two pieces.
struct Reading {
    file: File,
    path: PathBuf,
    digest: Digest,
    left: u64,
    /// For a reading of the whole: a part cannot be checked.
    hasher: Option<Hasher>,
}

type Step = Result<(Bytes, Reading)>;

/// Opens a part of a blob.
pub(super) async fn open(path: PathBuf, digest: Digest, range: Range<u64>) -> Result<ByteStream> {
    let reading = blocking(move || Reading::open(path, digest, range)).await?;
    let Some(reading) = reading else {
        return Ok(stream::empty().boxed());
    };
    let first = Some(reading.ahead());
    Ok(stream::try_unfold(first, next).boxed())
}

/// Hands out the piece that is ready and has the next one read meanwhile.
async fn next(step: Option<JoinHandle<Step>>) -> Result<Option<(Bytes, Option<JoinHandle<Step>>)>> {
    let Some(step) = step else { return Ok(None) };
    let (piece, reading) = step.await.map_err(|cause| {
        Error::new(ErrorKind::Internal, "a reading ended early").because(cause)
    })??;
    let ahead = (reading.left > 0).then(|| reading.ahead());
    Ok(Some((piece, ahead)))
}

impl Reading {
    fn open(path: PathBuf, digest: Digest, range: Range<u64>) -> Result<Option<Self>> {
        let mut file = File::open(&path).map_err(|cause| {
            if is_absent(&cause) {
                no_blob(&digest)
            } else {
                unavailable(&path, cause)
            }
        })?;
        let size = file
            .metadata()
            .and_then(|metadata| file.seek(SeekFrom::Start(range.start)).map(|_| metadata))
            .map_err(|cause| unavailable(&path, cause))?
            .len();
        let whole = range.start == 0 && range.end >= size;
        let hasher = whole.then(|| Hasher::new(digest.algorithm()));
        let mut reading = Self {
            left: range.end.min(size).saturating_sub(range.start),
            file,
            path,
            digest,
            hasher,
        };
        if reading.left > 0 {
            return Ok(Some(reading));
        }
        // Nothing will be read, so nothing would be checked later.
        reading.check().map(|()| None)
    }

    fn ahead(self) -> JoinHandle<Step> {
        spawn_blocking(move || self.step())
    }

    fn step(mut self) -> Step {
        let length = self.left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let read = (&mut self.file).take(length).read_to_end(&mut piece);
        match read {
            Ok(read) if read as u64 == length => {}
            Ok(_) => return Err(damaged(&self.path, &self.digest)),
            Err(cause) => return Err(unavailable(&self.path, cause)),
        }
        self.left -= length;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        // The last piece is given out only if all of them together are what they should be.
        if self.left == 0 {
            self.check()?;
        }
        Ok((Bytes::from(piece), self))
    }

    fn check(&mut self) -> Result<()> {
        let found = self.hasher.take().map(Hasher::finish);
        if found.is_some_and(|found| found != self.digest) {
            return Err(damaged(&self.path, &self.digest));
        }
        Ok(())
    }
}
