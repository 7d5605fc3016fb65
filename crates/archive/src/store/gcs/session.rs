//! A resumable upload as a conversation: what has arrived, and what comes next.

use std::fmt;

use bytes::Bytes;
use http::Method;
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{Bucket, object::Object};
use crate::store::cloud::{Answer, Call};

/// Where an upload stands.
#[derive(Debug)]
pub(super) enum Progress {
    /// So many bytes have arrived.
    Arrived(u64),
    /// It is an object.
    Done(Option<[u8; 16]>),
}

/// One upload. Its URL is all the authority that it needs.
pub(super) struct Session {
    pub(super) url: Url,
    size: u64,
    key: String,
}

impl fmt::Debug for Session {
    /// Without its URL: whoever has that can write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({}, {} bytes)", self.key, self.size)
    }
}

impl Session {
    /// An upload at a URL that must be one of the bucket's own host: bytes are sent there without a second thought.
    pub(super) fn at(bucket: &Bucket, url: &str, size: u64, key: &str) -> Option<Self> {
        let url: Url = url.parse().ok()?;
        let ours = url.origin() == bucket.endpoint.origin();
        ours.then(|| Self {
            url,
            size,
            key: key.to_owned(),
        })
    }

    /// Sends `bytes`, which begin at `from`. When no answer comes, asks how far it got.
    pub(super) async fn send(&self, bucket: &Bucket, from: u64, bytes: Bytes) -> Result<Progress> {
        let range = if bytes.is_empty() {
            format!("bytes */{}", self.size)
        } else {
            format!(
                "bytes {from}-{}/{}",
                from + bytes.len() as u64 - 1,
                self.size
            )
        };
        let call = self.call(&range)?.body(bytes).once();
        match bucket.wire.send(&call).await {
            Ok(answer) if !answer.status().is_server_error() && answer.status().as_u16() != 429 => {
                self.read(bucket, answer).await
            }
            Err(error) if error.retry() == transship_oci::Retry::No => Err(error),
            _ => self.status(bucket).await,
        }
    }

    /// Asks how far it got.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload.
    pub(super) async fn status(&self, bucket: &Bucket) -> Result<Progress> {
        let call = self.call(&format!("bytes */{}", self.size))?;
        let answer = bucket.wire.send(&call).await?;
        self.read(bucket, answer).await
    }

    fn call(&self, range: &str) -> Result<Call> {
        let op = format!("write {}", self.key);
        Call::new(Method::PUT, self.url.clone(), op)
            .unsigned()
            .header("content-range", range)
    }

    async fn read(&self, bucket: &Bucket, answer: Answer) -> Result<Progress> {
        match answer.status().as_u16() {
            308 => Ok(Progress::Arrived(arrived(answer.header("range")))),
            200 | 201 => {
                let body = answer.bytes(1 << 20).await?;
                let object: Option<Object> = serde_json::from_slice(&body).ok();
                Ok(Progress::Done(object.and_then(|object| object.md5())))
            }
            404 | 410 => Err(Error::new(
                ErrorKind::NotFound,
                format!("the upload of {} that was begun is gone", self.key),
            )
            .at(bucket.wire.location())),
            _ => {
                let fault = answer.fault().await;
                Err(bucket.wire.error(&fault).op(format!("write {}", self.key)))
            }
        }
    }
}

/// How much `bytes=0-41` is; without the header, nothing.
fn arrived(range: Option<&str>) -> u64 {
    let last = range.and_then(|text| text.strip_prefix("bytes=0-")?.parse::<u64>().ok());
    last.map_or(0, |last| last.saturating_add(1))
}

#[cfg(test)]
mod tests;
