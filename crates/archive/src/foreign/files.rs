//! Files by path, in a tar or in a folder.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use serde::de::DeserializeOwned;
use transship_oci::{ByteStream, Error, ErrorKind, Result};

/// Files by path.
#[async_trait]
pub(super) trait Files: Debug + Send + Sync {
    /// Tar or folder, for people.
    fn at(&self) -> &str;

    /// Bytes of a file; `None` where there is no such file.
    async fn size(&self, path: &str) -> Result<Option<u64>>;

    /// The bytes of a file from an offset on.
    ///
    /// # Errors
    /// `NotFound` when there is no such file.
    async fn open(&self, path: &str, from: u64) -> Result<ByteStream>;
}

/// Reads a file whole; `None` where there is none.
///
/// # Errors
/// `Corrupt` when it is longer than `most`.
pub(super) async fn read(files: &dyn Files, path: &str, most: u64) -> Result<Option<Bytes>> {
    let Some(size) = files.size(path).await? else {
        return Ok(None);
    };
    if size > most {
        let message = format!("{path} has {size} bytes, more than the limit of {most}");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    let mut all = BytesMut::new();
    let mut bytes = files.open(path, 0).await?;
    while let Some(piece) = bytes.try_next().await? {
        all.extend_from_slice(&piece);
        if all.len() as u64 > size {
            let message = format!("{path} is longer than the {size} bytes that it claims");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
    }
    Ok(Some(all.freeze()))
}

/// That there is no such file.
pub(super) fn no_file(path: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {path}"))
}

/// Reads a JSON object. A list would pass for a struct all of whose fields may be missing.
pub(super) fn object<T: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<T> {
    let shown: String = path.chars().take(200).collect();
    let unreadable = Error::new(ErrorKind::Corrupt, format!("{shown} cannot be read"));
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(unreadable.because("it is not a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|cause| unreadable.because(cause))
}
