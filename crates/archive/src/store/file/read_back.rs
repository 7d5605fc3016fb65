//! Reading back what was written before it gets its name: sticks and cards lie.
//!
//! What was just written is in the system's memory, and to read it from there would prove nothing. So the file is read
//! around that memory (`O_DIRECT`), or, where the file system cannot do that, after asking the system to forget it. What
//! the medium's own electronics keep back cannot be told apart from here; to be sure of that too, take the medium out, put
//! it in again, and verify the archive.

use std::{
    fs::File,
    io::{self, Read as _},
    ops::Range,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use md5::{Digest as _, Md5};
use transship_oci::{ErrorKind, Result, Retry};

use super::{
    super::{Capacity, HeldPart, Opened, Stat, Store, Upload, UploadSpec},
    FileStore,
    upload::FileUpload,
};

/// Bytes read at once; a multiple of every block size.
const BLOCK: usize = 4 << 20;
/// What addresses and lengths of direct reading must be multiples of, on any device.
const ALIGNMENT: usize = 4096;

/// A folder whose files get their names only after what is on the medium was found to be what was sent.
#[derive(Debug, Clone)]
pub struct ReadBack(FileStore);

impl ReadBack {
    /// The same store, which then takes the time to read everything once more.
    pub fn new(store: FileStore) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Store for ReadBack {
    fn location(&self) -> &str {
        self.0.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        self.0.capacity().await
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        self.0.stat(key).await
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        self.0.read(key, range, etag).await
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        self.0.list(prefix)
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        Ok(Box::new(Suspicious(self.0.begin(key, spec).await?)))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.0.delete(key).await
    }
}

/// A file that is read back before it is complete.
#[derive(Debug)]
struct Suspicious(FileUpload);

#[async_trait]
impl Upload for Suspicious {
    fn session(&self) -> &str {
        self.0.session()
    }

    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        self.0.put(part, bytes).await
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        self.0.held().await
    }

    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()> {
        let path = self.0.temporary().to_owned();
        let found = self.0.disk().run(move || sum(&path)).await?;
        if found != *md5 {
            // Nothing that was sent can be trusted, so nobody is to go on with it.
            self.0.abort().await?;
            let error = self.0.disk().error(
                ErrorKind::Corrupt,
                "what was read back is not what was written",
            );
            return Err(error
                .retrying(Retry::No)
                .hinting("use another medium; this one does not keep what it is given"));
        }
        self.0.complete(parts, md5).await
    }

    async fn abort(&self) -> Result<()> {
        self.0.abort().await
    }
}

/// The checksum of what is on the medium.
fn sum(path: &Path) -> io::Result<[u8; 16]> {
    let file = File::open(path)?;
    file.sync_all()?;
    forget(&file);
    match direct(path).and_then(sum_of) {
        Ok(sum) => Ok(sum),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => sum_of(file),
        Err(error) => Err(error),
    }
}

/// Reads in whole blocks into memory that begins at one, as direct reading demands.
fn sum_of(mut file: File) -> io::Result<[u8; 16]> {
    let mut memory = vec![0; BLOCK + ALIGNMENT];
    let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    let block = &mut memory[start..start + BLOCK];
    let mut md5 = Md5::new();
    loop {
        match file.read(block) {
            Ok(0) => return Ok(md5.finalize().into()),
            Ok(length) => md5.update(&block[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(target_os = "linux")]
fn direct(path: &Path) -> io::Result<File> {
    let direct = nix::fcntl::OFlag::O_DIRECT.bits();
    File::options().read(true).custom_flags(direct).open(path)
}

#[cfg(not(target_os = "linux"))]
fn direct(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Asks the system to forget what it has in memory. It may decline.
#[cfg(target_os = "linux")]
fn forget(file: &File) {
    use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
    let _ = posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

#[cfg(not(target_os = "linux"))]
fn forget(_: &File) {}
