//! Writing an object, part after part.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Method;
use tokio::{sync::watch, time::sleep};
use transship_oci::{Error, ErrorKind, Result};

use super::{
    Bucket, QUANTUM,
    session::{Progress, Session},
};
use crate::store::{
    HeldPart, Upload, UploadSpec,
    cloud::{Call, query},
};

/// How often the same bytes are sent before it is given up.
const TRIES: u32 = 8;
/// What the receipt of the last part begins with; behind it are the bytes that were kept back.
const TAIL: &str = "tail:";

#[derive(Debug)]
pub(super) struct ResumableUpload {
    bucket: Arc<Bucket>,
    key: String,
    session: Session,
    size: u64,
    part_size: u64,
    /// How much has arrived; parts wait for their turn by it.
    arrived: watch::Sender<u64>,
    /// Those that were there when it was taken up again.
    held: Vec<HeldPart>,
}

impl ResumableUpload {
    pub(super) async fn begin(bucket: Arc<Bucket>, key: &str, spec: &UploadSpec) -> Result<Self> {
        if spec.part_size == 0 || !spec.part_size.is_multiple_of(QUANTUM) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "parts for Google are multiples of 256 KiB",
            ));
        }
        if !spec.overwrite {
            bucket.absent(key).await?;
        }
        let (session, arrived) = match &spec.session {
            None => (create(&bucket, key, spec).await?, 0),
            Some(url) => {
                let session = Session::at(&bucket, url, spec.size, key).ok_or_else(|| {
                    Error::new(
                        ErrorKind::NotFound,
                        format!("the upload of {key} was begun elsewhere"),
                    )
                    .at(bucket.wire.location())
                })?;
                let arrived = match session.status(&bucket).await? {
                    Progress::Arrived(bytes) => bytes.min(spec.size),
                    Progress::Done(_) => spec.size,
                };
                (session, arrived)
            }
        };
        Ok(Self {
            key: key.to_owned(),
            session,
            size: spec.size,
            part_size: spec.part_size,
            arrived: watch::Sender::new(arrived),
            held: whole_parts(arrived, spec),
            bucket,
        })
    }

    /// Sends `bytes`, which begin at `from`, leaving out what has arrived. It is its turn.
    async fn push(&self, from: u64, bytes: &Bytes) -> Result<()> {
        let end = from + bytes.len() as u64;
        for attempt in 0..TRIES {
            let arrived = *self.arrived.borrow();
            if arrived >= end {
                return Ok(());
            }
            pause(attempt).await;
            let skip = usize::try_from(arrived.saturating_sub(from)).unwrap_or(usize::MAX);
            let rest = bytes.slice(skip.min(bytes.len())..);
            match self.session.send(&self.bucket, arrived, rest).await? {
                Progress::Arrived(now) => self.arrived.send_replace(now),
                Progress::Done(_) => self.arrived.send_replace(self.size),
            };
        }
        Err(self.stuck())
    }

    /// Sends the last bytes, after which it is an object; returns the checksum that Google has of it.
    async fn seal(&self, tail: Bytes) -> Result<Option<[u8; 16]>> {
        for attempt in 0..TRIES {
            pause(attempt).await;
            let arrived = *self.arrived.borrow();
            let progress = if arrived >= self.size && self.size > 0 {
                // In an earlier life, whose answer was lost.
                self.session.status(&self.bucket).await?
            } else {
                self.session
                    .send(&self.bucket, arrived, tail.clone())
                    .await?
            };
            if let Progress::Done(md5) = progress {
                return Ok(md5);
            }
        }
        Err(self.stuck())
    }

    fn stuck(&self) -> Error {
        let message = format!("the store takes no more of {}", self.key);
        Error::new(ErrorKind::Unavailable, message).at(self.bucket.wire.location())
    }

    fn start(&self, part: u32) -> u64 {
        u64::from(part) * self.part_size
    }
}

/// The parts that have arrived whole. The last one never has: its end is kept back.
fn whole_parts(arrived: u64, spec: &UploadSpec) -> Vec<HeldPart> {
    let whole = arrived.min(spec.size.saturating_sub(1)) / spec.part_size;
    let whole = u32::try_from(whole).unwrap_or(u32::MAX);
    let held = (0..whole).map(|part| HeldPart {
        part,
        size: spec.part_size,
        receipt: receipt(part),
    });
    held.collect()
}

/// Before all tries but the first.
async fn pause(attempt: u32) {
    if attempt > 0 {
        sleep(Duration::from_millis(100) * 2_u32.pow(attempt)).await;
    }
}

fn receipt(part: u32) -> String {
    format!("part:{part}")
}

async fn create(bucket: &Bucket, key: &str, spec: &UploadSpec) -> Result<Session> {
    let op = format!("write {key}");
    let unless = if spec.overwrite { "" } else { "0" };
    let query = query(
        "uploadType=resumable",
        &[("name", key), ("ifGenerationMatch", unless)],
    );
    let about = serde_json::json!({"contentType": "application/x-tar", "metadata": spec.metadata});
    let call = Call::new(Method::POST, bucket.url("/upload", "/o", &query), &op)
        .header("content-type", "application/json")?
        .header("x-upload-content-length", &spec.size.to_string())?
        .body(about.to_string());
    let answer = bucket.wire.expect(&call, &[200, 201]).await?;
    let url = answer.header("location");
    url.and_then(|url| Session::at(bucket, url, spec.size, key))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                "the store does not say where to write to",
            )
            .op(op)
            .at(bucket.wire.location())
        })
}

#[async_trait]
impl Upload for ResumableUpload {
    fn session(&self) -> &str {
        self.session.url.as_str()
    }

    /// Waits until all parts before it have arrived: Google takes them in order only.
    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        let start = self.start(part);
        let end = start + bytes.len() as u64;
        let (now, receipt) = if end == self.size {
            let kept = (bytes.len() as u64 - 1) / QUANTUM * QUANTUM;
            let kept = usize::try_from(kept).unwrap_or(usize::MAX);
            let tail = BASE64_STANDARD.encode(&bytes[kept..]);
            (bytes.slice(..kept), format!("{TAIL}{tail}"))
        } else {
            (bytes, receipt(part))
        };
        let mut arrived = self.arrived.subscribe();
        // The sender lives as long as we do.
        let _ = arrived.wait_for(|arrived| *arrived >= start).await;
        self.push(start, &now).await?;
        Ok(receipt)
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        Ok(Some(self.held.clone()))
    }

    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()> {
        let broken = || {
            Error::new(
                ErrorKind::Internal,
                format!("the parts of {} are not all of it", self.key),
            )
        };
        let tail = match parts.last() {
            None => Vec::new(),
            Some(last) => {
                let text = last.strip_prefix(TAIL).ok_or_else(broken)?;
                BASE64_STANDARD.decode(text).map_err(|_| broken())?
            }
        };
        let arrived = *self.arrived.borrow();
        if arrived < self.size && arrived + tail.len() as u64 != self.size {
            return Err(broken());
        }
        match self.seal(tail.into()).await? {
            Some(found) if found != *md5 => {
                self.bucket.discard(&self.key).await?;
                Err(Error::new(
                    ErrorKind::DigestMismatch,
                    format!("{} arrived with other bytes than were sent", self.key),
                )
                .at(self.bucket.wire.location()))
            }
            _ => Ok(()),
        }
    }

    async fn abort(&self) -> Result<()> {
        let op = format!("give up {}", self.key);
        let call = Call::new(Method::DELETE, self.session.url.clone(), op).unsigned();
        // 499 is how Google says that it was cancelled; emulators may not know the verb.
        self.bucket
            .wire
            .expect(&call, &[200, 204, 404, 405, 410, 499])
            .await?;
        Ok(())
    }
}

impl Bucket {
    /// Makes sure that there is no such object yet. The condition of the last request says the same, but late.
    pub(super) async fn absent(&self, key: &str) -> Result<()> {
        if self.stat(key).await?.is_none() {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::Conflict, format!("{key} is there already"))
                .op(format!("write {key}"))
                .at(self.wire.location())
                .hinting("choose another name, or allow to overwrite it"),
        )
    }

    /// Removes what must not be read.
    async fn discard(&self, key: &str) -> Result<()> {
        let call = Call::new(
            Method::DELETE,
            self.object(key, ""),
            format!("delete {key}"),
        );
        self.wire.expect(&call, &[200, 204, 404]).await?;
        Ok(())
    }
}
