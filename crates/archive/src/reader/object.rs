//! An object of a store, read by ranges.

use std::{fmt, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{ByteStream, Error, ErrorKind, Result, Retry, Side};

use crate::{
    store::{Stat, Store},
    transfer::Steady,
};

/// An object that stays the same for as long as it is read: another one under its name is refused.
#[derive(Clone)]
pub(crate) struct Object {
    store: Arc<dyn Store>,
    stat: Stat,
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
            stat: opened.stat,
            store,
            at,
        };
        let end = most.min(object.size());
        let bytes = object.collect(opened.bytes, 0..end).await?;
        Ok((object, bytes))
    }

    /// Store and name, for people.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Bytes.
    pub(crate) fn size(&self) -> u64 {
        self.stat.size
    }

    /// Reads a range into memory: the caller has seen to it that it is not large.
    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let bytes = self.stream(range.clone()).await?;
        self.collect(bytes, range).await
    }

    /// The bytes of a range as they come: exactly so many, or an error.
    pub(crate) async fn stream(&self, range: Range<u64>) -> Result<ByteStream> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let length = range.end - range.start;
        let opened = self
            .store
            .read(&self.stat.key, range, self.stat.etag.as_deref())
            .await;
        let opened = opened.map_err(|error| self.fault(error))?;
        Ok(exactly(opened.bytes, length, self.at.clone()))
    }

    /// Removes the object, and no other that has its name by now.
    pub(super) async fn remove(&self) -> Result<()> {
        let key = &self.stat.key;
        let there = self.store.stat(key).await;
        let Some(there) = there.map_err(|error| self.fault(error).op("delete"))? else {
            return Ok(());
        };
        // A store that says nothing of what it sends is believed as far as the size goes.
        let tags = there.etag.as_ref().zip(self.stat.etag.as_ref());
        if there.size != self.stat.size || tags.is_some_and(|(there, read)| there != read) {
            let message = format!("{key} was replaced since it was read, and is not deleted");
            return Err(self.fault(Error::new(ErrorKind::Drift, message)));
        }
        let gone = self.store.delete(key).await;
        gone.map_err(|error| self.fault(error).op("delete"))
    }

    pub(crate) fn fault(&self, error: Error) -> Error {
        error.on(Side::Source).at(&self.at)
    }

    /// All bytes of a range whose reading has begun. A reading that breaks is gone on with.
    async fn collect(&self, bytes: ByteStream, range: Range<u64>) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let mut all = BytesMut::new();
        let mut bytes = exactly(bytes, length, self.at.clone());
        let broken = loop {
            match bytes.try_next().await {
                Ok(Some(piece)) => all.extend_from_slice(&piece),
                Ok(None) => return Ok(all.freeze()),
                Err(error) => break error,
            }
        };
        if broken.retry() == Retry::No {
            return Err(broken);
        }
        let mut steady = Steady::new(&*self.store, &self.stat, range.start + all.len() as u64);
        while (all.len() as u64) < length {
            let piece = steady.next().await.map_err(|error| self.fault(error))?;
            let piece = piece.ok_or_else(|| broken.share())?;
            all.extend_from_slice(&piece);
        }
        all.truncate(usize::try_from(length).unwrap_or(usize::MAX));
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
