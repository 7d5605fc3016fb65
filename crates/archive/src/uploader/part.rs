//! One part on its way: sent, tried again where that may help, written down.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use transship_oci::{Error, ErrorKind, Result, Retry};

use super::{
    buffers::Buffers,
    journal::{SentPart, UploadPage},
    sum::Sum,
};
use crate::store::Upload;

/// How often one part is sent before its error is the upload's. Few times: a store of a cloud has tried each request
/// several times by then.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a store may ask for.
const MAX_PAUSE: Duration = Duration::from_mins(5);

/// A part, with all that it takes to send it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) bytes: Bytes,
    /// What the store gave for it, when it is there already.
    pub(super) receipt: Option<String>,
    pub(super) note: Option<String>,
    /// Gets the checksum up to its end.
    pub(super) sum: oneshot::Receiver<Sum>,
    /// Gets the memory back.
    pub(super) buffers: Buffers,
    pub(super) upload: Arc<dyn Upload>,
    pub(super) page: Arc<dyn UploadPage>,
    /// Room in flight: given back only when the part is written down, so that no more than this is ever sent twice.
    pub(super) permit: OwnedSemaphorePermit,
}

impl Part {
    /// Sends it and writes it down. Returns its number and what the store gave for it.
    pub(super) async fn send(self) -> Result<(u32, String)> {
        let receipt = match self.receipt {
            Some(receipt) => receipt,
            None => put(&*self.upload, self.number, &self.bytes).await?,
        };
        let sum = self.sum.await.map_err(|cause| {
            Error::new(ErrorKind::Internal, "the checksum of an upload was lost").because(cause)
        })?;
        self.buffers.give(self.bytes);
        let sent = SentPart {
            part: self.number,
            receipt,
            sum: sum.save(),
            note: self.note,
        };
        self.page.add(&sent).await?;
        drop(self.permit);
        Ok((sent.part, sent.receipt))
    }
}

async fn put(upload: &dyn Upload, number: u32, bytes: &Bytes) -> Result<String> {
    let mut attempt = 1;
    loop {
        let error = match upload.put(number, bytes.clone()).await {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        };
        let Some(pause) = pause(&error, attempt) else {
            return Err(error);
        };
        tracing::debug!(part = number, attempt, %error, "a part is sent again");
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

/// How long to wait after the failure of this attempt, counted from 1; `None` when it was the last.
pub(super) fn pause(error: &Error, attempt: u32) -> Option<Duration> {
    let own = FIRST_PAUSE * 2_u32.pow(attempt.min(ATTEMPTS) - 1);
    match error.retry() {
        _ if attempt >= ATTEMPTS => None,
        Retry::No => None,
        Retry::Now => Some(own),
        Retry::After(asked) => (asked <= MAX_PAUSE).then_some(asked.max(own)),
    }
}
