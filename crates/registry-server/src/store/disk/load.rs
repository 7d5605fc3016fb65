//! Opening a layout: what it lists, and what that leads to.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use transship_oci::{Descriptor, Digest, Error, ErrorKind, MAX_MANIFEST, RawManifest, Result};

use super::{
    files::{self, UPLOADS, blob, unavailable},
    is_absent, layout,
};
use crate::store::{
    Expect,
    index::{Change, Entry, Index},
};

/// The largest index that is read, in bytes: some three million manifests.
const MAX_INDEX: u64 = 1024 * 1024 * 1024;
/// How long an upload may lie before nobody will come for it. CNCF distribution waits as long.
const STALE: Duration = Duration::from_hours(7 * 24);

/// Reads a layout into memory, and makes one where there is none.
pub(super) fn open(folder: &Path) -> Result<Index> {
    let path = folder.join(layout::INDEX);
    let uploads = folder.join(UPLOADS);
    files::make_parent(&uploads.join("_")).map_err(|cause| unavailable(&uploads, cause))?;
    sweep(&uploads);
    let bytes = match read(&path, MAX_INDEX) {
        Ok(bytes) => bytes,
        Err(cause) if is_absent(&cause) => {
            let empty = Index::default();
            // The marker first: a folder counts as a repository once it has an index.
            files::write(folder, &folder.join(layout::MARKER), layout::VERSION)?;
            files::write(folder, &path, &layout::write(&empty)?)?;
            return Ok(empty);
        }
        Err(cause) => return Err(unavailable(&path, cause)),
    };
    let listing = layout::read(&bytes).map_err(|error| error.at(path.display()))?;
    walk(folder, listing)
}

/// Takes in all that is listed, and the children of indexes, which other programs do not list.
fn walk(folder: &Path, listing: layout::Listing) -> Result<Index> {
    let mut index = Index::default();
    let mut ahead = listing.manifests;
    while let Some(descriptor) = ahead.pop() {
        if index.has(&descriptor.digest) || !descriptor.is_manifest() {
            continue;
        }
        let entry = match manifest(folder, &descriptor) {
            Ok(Some(manifest)) => {
                let children = manifest.children().map(|children| children.manifests);
                ahead.extend(children.unwrap_or_default());
                Entry::of(&manifest).unwrap_or_else(|_| Entry::unreadable(descriptor))
            }
            // A sparse index: the child is elsewhere.
            Ok(None) => continue,
            Err(cause) => {
                tracing::warn!(error = %cause, "a manifest cannot be read");
                Entry::unreadable(descriptor)
            }
        };
        index.apply(&put(entry))?;
    }
    index.restore_tags(listing.tags);
    Ok(index)
}

fn put(entry: Entry) -> Change {
    Change::Put {
        entry: Arc::new(entry),
        tags: Vec::new(),
        expect: Expect::Anything,
    }
}

/// Reads a manifest and checks it. `None` when its file is not there.
///
/// # Errors
/// `Corrupt` when the bytes on the disk are not what they were.
pub(super) fn manifest(folder: &Path, descriptor: &Descriptor) -> Result<Option<RawManifest>> {
    let path = blob(folder, &descriptor.digest);
    let bytes = match read(&path, MAX_MANIFEST) {
        Ok(bytes) => bytes,
        Err(cause) if is_absent(&cause) => return Ok(None),
        Err(cause) => return Err(unavailable(&path, cause)),
    };
    RawManifest::verified(descriptor, Bytes::from(bytes))
        .map(Some)
        .map_err(|cause| damaged(&path, &descriptor.digest).because(cause))
}

/// What is said of content that is not what it was when it was put.
pub(super) fn damaged(path: &Path, digest: &Digest) -> Error {
    let message = format!("the file of {digest} does not hold what hashes to it");
    Error::new(ErrorKind::Corrupt, message)
        .at(path.display())
        .hinting("push the artifact again to mend it, and check the disk")
}

/// Reads a file of at most `most` bytes.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > most {
        let message = format!("{length} bytes are more than the {most} that are read");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes what earlier processes left half-done long ago. What cannot be removed does no harm.
fn sweep(uploads: &Path) {
    let entries = fs::read_dir(uploads).into_iter().flatten().flatten();
    for entry in entries {
        let touched = entry.metadata().and_then(|metadata| metadata.modified());
        if touched.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
