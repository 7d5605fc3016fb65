//! Reading an object to its end though the stream breaks.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use transship_oci::{ByteStream, Error, ErrorKind, Result, Retry};

use crate::store::{Stat, Store};

/// How often a reading may break without a byte having come between.
const BREAKS: u32 = 5;
/// The pause after the first break; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a store may ask for.
const MAX_PAUSE: Duration = Duration::from_mins(5);

/// An object that is read to its end. When the stream breaks it is opened again where it broke, as long as the object is
/// still the same.
pub struct Steady<'a> {
    store: &'a dyn Store,
    stat: &'a Stat,
    offset: u64,
    stream: Option<ByteStream>,
    breaks: u32,
}

impl std::fmt::Debug for Steady<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steady")
            .field("store", &self.store)
            .field("key", &self.stat.key)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<'a> Steady<'a> {
    /// Will read `stat` from `offset` on.
    pub fn new(store: &'a dyn Store, stat: &'a Stat, offset: u64) -> Self {
        Self {
            store,
            stat,
            offset,
            stream: None,
            breaks: 0,
        }
    }

    /// The next bytes; `None` at the end of the object.
    ///
    /// # Errors
    /// `Drift` when the object is another one by now; what the store says when it does not get better.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.offset < self.stat.size {
            match self.piece().await {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(mut bytes) => {
                    let left = usize::try_from(self.stat.size - self.offset);
                    bytes.truncate(left.unwrap_or(usize::MAX));
                    self.offset += bytes.len() as u64;
                    self.breaks = 0;
                    return Ok(Some(bytes));
                }
                Err(error) => self.mend(error).await?,
            }
        }
        Ok(None)
    }

    async fn piece(&mut self) -> Result<Bytes> {
        let stream = if let Some(stream) = &mut self.stream {
            stream
        } else {
            let range = self.offset..self.stat.size;
            let etag = self.stat.etag.as_deref();
            let opened = self.store.read(&self.stat.key, range, etag).await?;
            self.stream.insert(opened.bytes)
        };
        stream.next().await.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{} ended after {} of {} bytes",
                    self.stat.key, self.offset, self.stat.size
                ),
            )
            .at(self.store.location()))
        })
    }

    /// Waits as the error says, or gives up with it.
    async fn mend(&mut self, error: Error) -> Result<()> {
        self.stream = None;
        self.breaks += 1;
        let own = FIRST_PAUSE * 2_u32.pow(self.breaks.min(BREAKS) - 1);
        let pause = match error.retry() {
            Retry::Now => own,
            Retry::After(asked) if asked <= MAX_PAUSE => own.max(asked),
            _ => return Err(error),
        };
        if self.breaks >= BREAKS {
            return Err(error);
        }
        tracing::debug!(key = self.stat.key, at = self.offset, %error, "a reading is taken up again");
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
