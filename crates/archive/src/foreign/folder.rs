//! The files of a folder.

use std::{
    io::{ErrorKind as IoKind, SeekFrom},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{
    fs,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};
use tokio_util::io::ReaderStream;
use transship_oci::{ByteStream, Error, ErrorKind, Result};

use super::files::{Files, no_file};

/// How much is read from the disk at once.
const PIECE: usize = 128 * 1024;

/// A folder. Links in it are not followed: they could lead anywhere on this machine.
#[derive(Debug)]
pub(super) struct FolderFiles {
    folder: PathBuf,
    at: String,
}

impl FolderFiles {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            at: folder.display().to_string(),
        }
    }
}

#[async_trait]
impl Files for FolderFiles {
    fn at(&self) -> &str {
        &self.at
    }

    async fn size(&self, path: &str) -> Result<Option<u64>> {
        match fs::symlink_metadata(self.folder.join(path)).await {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => {
                let message = format!("{path} is no plain file");
                Err(Error::new(ErrorKind::Corrupt, message))
            }
            Err(cause) => match cause.kind() {
                IoKind::NotFound | IoKind::NotADirectory => Ok(None),
                _ => Err(unreadable(path, cause)),
            },
        }
    }

    async fn open(&self, path: &str, from: u64) -> Result<ByteStream> {
        let size = self.size(path).await?.ok_or_else(|| no_file(path))?;
        let fault = |cause| unreadable(path, cause);
        let mut file = fs::File::open(self.folder.join(path))
            .await
            .map_err(fault)?;
        file.seek(SeekFrom::Start(from)).await.map_err(fault)?;
        let left = size.saturating_sub(from);
        if left == 0 {
            return Ok(stream::empty().boxed());
        }
        let path = path.to_owned();
        let pieces = ReaderStream::with_capacity(file.take(left), PIECE);
        Ok(pieces
            .map_err(move |cause| unreadable(&path, cause))
            .boxed())
    }
}

fn unreadable(path: &str, cause: std::io::Error) -> Error {
    let kind = match cause.kind() {
        IoKind::NotFound => ErrorKind::NotFound,
        IoKind::PermissionDenied => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{path} cannot be read"))
        .because(cause)
        .retrying(transship_oci::Retry::No)
}
