//! An object of a store, read by ranges.

use std::{fmt, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{ByteStream, Error, ErrorKind, Result, Side};

use crate::store::Store;

/// An object that stays the same for as long as it is read: another one under its name is refused.
#[derive(Clone)]
pub(crate) struct Object {
    store: Arc<dyn Store>,
    key: String,
    etag: Option<String>,
    size: u64,
    at: String,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.at)
    }
}

impl Object {
    /// Opens `key` and reads its first `most` bytes, or all if there are fewer, in one request.
    pub(crate) async fn open(store: Arc<dyn Store>, key: &str, most: u64) -> Result<(Self, Bytes)> {
        let at = place(store.location(), key);
        let opened = store.read(key, 0..most, None).await;
        let opened = opened.map_err(|error| error.on(Side::Source).at(&at))?;
        let object = Self {
            etag: opened.stat.etag,
            size: opened.stat.size,
            key: key.to_owned(),
            store,
            at,
        };
        let length = most.min(object.size);
        let bytes = object.collect(opened.bytes, length).await?;
        Ok((object, bytes))
    }

    /// Store and name, for people.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    /// Its name in the store.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads a range into memory: the caller has seen to it that it is not large.
    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let bytes = self.stream(range).await?;
        self.collect(bytes, length).await
    }

    /// The bytes of a range as they come: exactly so many, or an error.
    pub(crate) async fn stream(&self, range: Range<u64>) -> Result<ByteStream> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let length = range.end - range.start;
        let opened = self
            .store
            .read(&self.key, range, self.etag.as_deref())
            .await;
        let opened = opened.map_err(|error| self.fault(error))?;
        Ok(exactly(opened.bytes, length, self.at.clone()))
    }

    pub(crate) fn fault(&self, error: Error) -> Error {
        error.on(Side::Source).at(&self.at)
    }

    async fn collect(&self, bytes: ByteStream, length: u64) -> Result<Bytes> {
        let mut all = BytesMut::new();
        let mut bytes = exactly(bytes, length, self.at.clone());
        while let Some(piece) = bytes.try_next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

/// A name under a location.
pub(crate) fn place(location: &str, key: &str) -> String {
    format!("{}/{key}", location.trim_end_matches('/'))
}

/// The same bytes, if there are just so many.
fn exactly(bytes: ByteStream, length: u64, at: String) -> ByteStream {
    let pieces = stream::try_unfold((bytes, length), move |(mut bytes, left)| {
        let at = at.clone();
        async move {
            let piece = bytes.try_next().await;
            let piece = piece.map_err(|error| error.on(Side::Source).at(&at))?;
            match piece {
                Some(piece) if piece.len() as u64 <= left => {
                    let left = left - piece.len() as u64;
                    Ok(Some((piece, (bytes, left))))
                }
                None if left == 0 => Ok(None),
                other => Err(miscounted(other.is_some(), left).on(Side::Source).at(&at)),
            }
        }
    });
    pieces.boxed()
}

fn miscounted(more: bool, left: u64) -> Error {
    let message = if more {
        "the store sent more bytes than it was asked for".to_owned()
    } else {
        format!("the store stopped {left} bytes before the end of what it was asked for")
    };
    Error::new(ErrorKind::Unavailable, message)
}
