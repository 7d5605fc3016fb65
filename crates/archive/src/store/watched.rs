//! A store under watch: every call is written down, and whoever watches can hold it up, fail it, or cut what is read.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use transship_oci::{Error, ErrorKind, Result};

use super::{Capacity, HeldPart, Opened, Stat, Store, Upload, UploadSpec};

/// One call of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// [`Store::capacity`].
    Capacity,
    /// [`Store::stat`] of a key.
    Stat(String),
    /// [`Store::read`] of a range of a key.
    Read(String, Range<u64>),
    /// [`Store::list`] of a prefix.
    List(String),
    /// [`Store::upload`] of a key: begun.
    Begin(String),
    /// [`Store::upload`] of a key: gone on with.
    Resume(String),
    /// [`Store::delete`] of a key.
    Delete(String),
    /// [`Upload::put`] of a part with so many bytes.
    Put(u32, usize),
    /// [`Upload::held`].
    Held,
    /// [`Upload::complete`] of so many parts.
    Complete(usize),
    /// [`Upload::abort`].
    Abort,
}

type Watch = dyn Fn(&Call) -> BoxFuture<'static, Result<()>> + Send + Sync;

/// A store under watch. Clones share their list of calls.
#[derive(Clone)]
pub struct Watched {
    inner: Arc<dyn Store>,
    calls: Arc<Mutex<Vec<Call>>>,
    watch: Arc<Watch>,
    cut: Option<u64>,
    capacity: Option<Capacity>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Watched {
    /// Watches `inner` and lets everything happen.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            calls: Arc::default(),
            watch: Arc::new(|_| async { Ok(()) }.boxed()),
            cut: None,
            capacity: None,
        }
    }

    /// Asks `watch` before every call: it may take its time, and its error is the call's.
    pub fn asking(
        mut self,
        watch: impl Fn(&Call) -> BoxFuture<'static, Result<()>> + Send + Sync + 'static,
    ) -> Self {
        self.watch = Arc::new(watch);
        self
    }

    /// Every reading breaks after so many bytes.
    pub fn cutting_reads(mut self, after: u64) -> Self {
        self.cut = Some(after);
        self
    }

    /// Says that it takes this much, whatever it takes: small parts make short tests.
    pub fn taking(mut self, capacity: Capacity) -> Self {
        self.capacity = Some(capacity);
        self
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.list_of_calls().clone()
    }

    /// How many calls there were of which `pick` says yes.
    pub fn count(&self, pick: impl Fn(&Call) -> bool) -> usize {
        self.list_of_calls()
            .iter()
            .filter(|call| pick(call))
            .count()
    }

    fn list_of_calls(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, call: Call) -> Result<()> {
        let answer = (self.watch)(&call);
        self.list_of_calls().push(call);
        answer.await
    }
}

#[async_trait]
impl Store for Watched {
    fn location(&self) -> &str {
        self.inner.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        self.ask(Call::Capacity).await?;
        match self.capacity {
            Some(capacity) => Ok(capacity),
            None => self.inner.capacity().await,
        }
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        self.ask(Call::Stat(key.to_owned())).await?;
        self.inner.stat(key).await
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        self.ask(Call::Read(key.to_owned(), range.clone())).await?;
        let opened = self.inner.read(key, range, etag).await?;
        Ok(match self.cut {
            Some(after) => cut(opened, after),
            None => opened,
        })
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        let prefix = prefix.to_owned();
        async move {
            match self.ask(Call::List(prefix.clone())).await {
                Ok(()) => self.inner.list(&prefix),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        }
        .flatten_stream()
        .boxed()
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        let call = match spec.session {
            Some(_) => Call::Resume(key.to_owned()),
            None => Call::Begin(key.to_owned()),
        };
        self.ask(call).await?;
        let inner = self.inner.upload(key, spec).await?;
        let watch = self.clone();
        Ok(Box::new(WatchedUpload { inner, watch }))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.ask(Call::Delete(key.to_owned())).await?;
        self.inner.delete(key).await
    }
}

#[derive(Debug)]
struct WatchedUpload {
    inner: Box<dyn Upload>,
    watch: Watched,
}

#[async_trait]
impl Upload for WatchedUpload {
    fn session(&self) -> &str {
        self.inner.session()
    }

    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        self.watch.ask(Call::Put(part, bytes.len())).await?;
        self.inner.put(part, bytes).await
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        self.watch.ask(Call::Held).await?;
        self.inner.held().await
    }

    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()> {
        self.watch.ask(Call::Complete(parts.len())).await?;
        self.inner.complete(parts, md5).await
    }

    async fn abort(&self) -> Result<()> {
        self.watch.ask(Call::Abort).await?;
        self.inner.abort().await
    }
}

/// The same bytes, up to a break.
fn cut(opened: Opened, after: u64) -> Opened {
    let Opened { stat, bytes } = opened;
    let cut = bytes.scan(after, |left, piece| {
        let piece = match piece {
            Ok(_) if *left == 0 => Err(Error::new(ErrorKind::Unavailable, "the stream broke")),
            Ok(mut piece) => {
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
                Ok(piece)
            }
            error => error,
        };
        futures::future::ready(Some(piece))
    });
    Opened {
        stat,
        bytes: cut.boxed(),
    }
}
