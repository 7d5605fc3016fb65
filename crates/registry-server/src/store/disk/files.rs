//! Files that are there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use transship_oci::{Algorithm, Digest, Error, ErrorKind, Result};

/// The folder for what is not content yet.
pub(super) const UPLOADS: &str = ".uploads";

/// Where a piece of content lies.
pub(super) fn blob(folder: &Path, digest: &Digest) -> PathBuf {
    let mut path = folder.join("blobs");
    path.push(digest.algorithm().as_str());
    path.push(digest.hex());
    path
}

/// All content, by digest.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Digest>> {
    let mut found = Vec::new();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let content = match fs::read_dir(folder.join("blobs").join(algorithm.as_str())) {
            Ok(content) => content,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(cause),
        };
        for entry in content {
            let name = entry?.file_name();
            let digest = name.to_str().map(|hex| format!("{algorithm}:{hex}"));
            found.extend(digest.and_then(|digest| digest.parse::<Digest>().ok()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A new name in the folder for what is not content yet.
pub(super) fn temporary(folder: &Path) -> PathBuf {
    folder
        .join(UPLOADS)
        .join(format!("{:032x}.tmp", rand::random::<u128>()))
}

/// Writes a file under a name that nobody looks at, and gives it its own when the bytes are on the disk.
pub(super) fn write(folder: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary(folder);
    let written = (|| {
        let mut file = File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        publish(&temporary, path)
    })();
    written.map_err(|cause| {
        // What is left of it is in nobody's way.
        let _ = fs::remove_file(&temporary);
        unavailable(path, cause)
    })
}

/// Gives a file whose bytes are on the disk its name, in a way that outlives a power cut.
pub(super) fn publish(temporary: &Path, path: &Path) -> io::Result<()> {
    match fs::rename(temporary, path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            make_parent(path)?;
            fs::rename(temporary, path)?;
        }
        renamed => renamed?,
    }
    sync_parent(path)
}

/// Makes the folder of a file, and sees to it that the folder itself outlives a power cut.
pub(super) fn make_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    if parent.is_dir() {
        return Ok(());
    }
    make_parent(parent)?;
    match fs::create_dir(parent) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
        _ => {}
    }
    sync_parent(parent)
}

/// Waits until the names in a file's folder are on the disk.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        // A folder can be opened and synced on Unix only; elsewhere the file system sees to it.
        Some(parent) if cfg!(unix) && !parent.as_os_str().is_empty() => {
            File::open(parent)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Runs what waits for the disk where waiting does no harm. It runs to its end even if nobody waits for it.
pub(super) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(|cause| {
        Error::new(ErrorKind::Internal, "work on the disk ended early").because(cause)
    })?
}

/// What is said when the disk does not do as asked.
pub(super) fn unavailable(path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the disk does not answer")
        .at(path.display())
        .because(cause)
        .hinting("check space, rights and health of the disk")
}
