//! The one way by which anything is written to a store: a stream of bytes, cut into parts, several in flight, that goes
//! on after a crash where it stopped.
//!
//! Memory is the parts in flight and one that is being filled. Every part that arrived is written down before its room
//! is given to another: however the process ends, no more parts are sent twice than were in flight.

mod buffers;
pub mod journal;
mod part;
mod plan;
mod resume;
mod sum;

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::{Bytes, BytesMut};
use tokio::{sync::Semaphore, task::JoinSet};
use transship_oci::{Error, ErrorKind, Result, Side};

pub use self::plan::{DEFAULT_PART, UploadPlan};
use self::{
    buffers::Buffers,
    journal::{UploadJournal, UploadPage},
    part::Part,
    plan::Parts,
    sum::Chain,
};
use crate::store::{Store, Upload};

/// How many parts are in flight where nobody said otherwise.
pub const PARTS_IN_FLIGHT: usize = 4;

/// An object on its way into a store.
pub struct Uploader {
    store: Arc<dyn Store>,
    key: String,
    /// `None` when the object was found complete.
    upload: Option<Arc<dyn Upload>>,
    page: Arc<dyn UploadPage>,
    parts: Parts,
    receipts: BTreeMap<u32, String>,
    /// The part that is being filled.
    next: u32,
    filling: BytesMut,
    buffers: Buffers,
    note: Option<String>,
    sums: Chain,
    room: Arc<Semaphore>,
    flying: JoinSet<Result<(u32, String)>>,
    expected: Option<[u8; 16]>,
}

impl fmt::Debug for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader")
            .field("store", &self.store)
            .field("key", &self.key)
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}

/// What is remembered with the end of each part: asked when the stream crosses it.
pub type Note<'a> = &'a (dyn Fn() -> Option<String> + Sync);

impl Uploader {
    /// Begins an upload, or goes on with the one that the journal remembers if it was of the same bytes.
    ///
    /// `parts_in_flight` is of the default size; of larger ones fewer are in flight.
    ///
    /// # Errors
    /// `Conflict` when the object is there and may not be replaced, or when another process is writing it; `Invalid`
    /// when the store takes no object of this size; what the store and the journal say.
    pub async fn open(
        store: Arc<dyn Store>,
        key: &str,
        plan: &UploadPlan,
        journal: &dyn UploadJournal,
        parts_in_flight: usize,
    ) -> Result<Self> {
        let place = |error: Error| error.on(Side::Target).at(store.location());
        let page = journal.open(store.location(), key).await?;
        let standing = resume::stand(&*store, key, plan, &*page)
            .await
            .map_err(place)?;
        let room = Arc::new(Semaphore::new(standing.parts.in_flight(parts_in_flight)));
        Ok(Self {
            store,
            key: key.to_owned(),
            upload: standing.upload,
            page: Arc::from(page),
            parts: standing.parts,
            receipts: standing.receipts,
            next: standing.next,
            filling: BytesMut::new(),
            buffers: Buffers::default(),
            note: standing.note,
            sums: Chain::Idle(standing.sum),
            room,
            flying: JoinSet::new(),
            expected: None,
        })
    }

    /// The byte that [`Uploader::push`] wants next. After an upload was taken up: where the stream goes on, the
    /// beginning of a part or the end of the object.
    pub fn offset(&self) -> u64 {
        self.parts.start(self.next) + self.filling.len() as u64
    }

    /// What was remembered at the place where the upload was taken up.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Says what the MD5 of the whole will be: the object does not become visible with another.
    pub fn expect(&mut self, md5: [u8; 16]) {
        self.expected = Some(md5);
    }

    /// Takes the next bytes, and waits while there is no room in flight.
    ///
    /// `note` is asked for what to remember whenever the end of a part is among these bytes; what it says may know of
    /// bytes up to the end of `bytes`, not only up to the end of the part.
    ///
    /// # Errors
    /// The error of the first part that could not be sent. The upload is then over, and can be taken up again by
    /// another call of [`Uploader::open`].
    pub async fn push(&mut self, mut bytes: Bytes, note: Note<'_>) -> Result<()> {
        if bytes.len() as u64 > self.parts.size - self.offset() {
            return Err(self.lied("more"));
        }
        while !bytes.is_empty() {
            let length = usize::try_from(self.parts.length(self.next)).unwrap_or(usize::MAX);
            if self.filling.capacity() == 0 {
                self.filling = self.buffers.take(length);
            }
            let taken = bytes.split_to(bytes.len().min(length - self.filling.len()));
            self.filling.extend_from_slice(&taken);
            if self.filling.len() == length {
                self.send(note()).await?;
            }
        }
        Ok(())
    }

    /// Waits until all parts have arrived and makes the object visible. Returns the MD5 of the whole.
    ///
    /// # Errors
    /// `Conflict` when another writer was faster and the object may not be replaced: nothing is lost then, and an
    /// upload that may replace it goes on without a byte; `DigestMismatch` when the MD5 is not the one expected, and all
    /// is thrown away; what [`Uploader::push`] says.
    pub async fn finish(mut self) -> Result<[u8; 16]> {
        if self.offset() != self.parts.size {
            return Err(self.lied("fewer"));
        }
        while let Some(done) = self.flying.join_next().await {
            self.arrived(done)?;
        }
        let md5 = self.sums.wait().await?.finish();
        if self.expected.is_some_and(|expected| expected != md5) {
            let error = self.place(Error::new(
                ErrorKind::DigestMismatch,
                format!("the bytes of {} do not have the MD5 they should", self.key),
            ));
            self.abandon().await?;
            return Err(error);
        }
        if let Some(upload) = self.upload.take() {
            self.complete(&*upload, &md5).await?;
        }
        self.page.clear().await?;
        Ok(md5)
    }

    /// Throws away what was sent: nobody wants to go on.
    ///
    /// # Errors
    /// What the store says; the upload is forgotten nevertheless.
    pub async fn abandon(mut self) -> Result<()> {
        self.flying.shutdown().await;
        let aborted = match self.upload.take() {
            Some(upload) => upload.abort().await.map_err(|error| self.place(error)),
            None => Ok(()),
        };
        self.page.clear().await?;
        aborted
    }

    /// Puts the part that is full on its way.
    async fn send(&mut self, note: Option<String>) -> Result<()> {
        let (number, bytes) = (self.next, std::mem::take(&mut self.filling).freeze());
        self.next += 1;
        let sum = self.sums.add(bytes.clone()).await?;
        let room = Arc::clone(&self.room).acquire_owned().await;
        let permit = room.map_err(|cause| {
            Error::new(ErrorKind::Internal, "the room of an upload is closed").because(cause)
        })?;
        // Whoever gave its room back by an error must not be followed by more parts.
        while let Some(done) = self.flying.try_join_next() {
            self.arrived(done)?;
        }
        let Some(upload) = self.upload.clone() else {
            return Ok(());
        };
        let part = Part {
            number,
            bytes,
            receipt: self.receipts.get(&number).cloned(),
            note,
            sum,
            buffers: self.buffers.clone(),
            upload,
            page: Arc::clone(&self.page),
            permit,
        };
        self.flying.spawn(part.send());
        Ok(())
    }

    fn arrived(
        &mut self,
        done: Result<Result<(u32, String)>, tokio::task::JoinError>,
    ) -> Result<()> {
        let sent = done.map_err(|cause| {
            Error::new(ErrorKind::Internal, "a part of an upload was lost").because(cause)
        })?;
        let (number, receipt) = sent.map_err(|error| self.place(error))?;
        self.receipts.insert(number, receipt);
        Ok(())
    }

    async fn complete(&self, upload: &dyn Upload, md5: &[u8; 16]) -> Result<()> {
        let receipts: Vec<_> = self.receipts.values().cloned().collect();
        if receipts.len() as u64 != self.parts.count() {
            return Err(self.place(Error::new(
                ErrorKind::Internal,
                format!("{} is to be completed with holes", self.key),
            )));
        }
        let mut attempt = 1;
        loop {
            let error = match upload.complete(&receipts, md5).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            // The answer to an earlier attempt may have been lost on its way.
            let stat = self.store.stat(&self.key).await.ok().flatten();
            if attempt > 1
                && stat.is_some_and(|stat| stat.size == self.parts.size && stat.md5 == Some(*md5))
            {
                return Ok(());
            }
            match part::pause(&error, attempt) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(self.place(error)),
            }
            attempt += 1;
        }
    }

    fn lied(&self, how: &str) -> Error {
        self.place(Error::new(
            ErrorKind::Internal,
            format!(
                "{how} bytes came for {} than the {} that were promised",
                self.key, self.parts.size
            ),
        ))
    }

    fn place(&self, error: Error) -> Error {
        error.on(Side::Target).at(self.store.location())
    }
}

#[cfg(test)]
mod tests;
