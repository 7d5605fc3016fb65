//! Going on: how much of a blob a session has, and sessions that outlive the process.

use http::Method;
use tokio::time::Duration;
use transship_oci::{Checkpoint, Error, ErrorKind, Result};

use super::{Session, upload::Upload};
use crate::{capabilities::SINGLE_PUT, transport::Answer};

/// How much a session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// So many bytes, from the first.
    pub(super) bytes: u64,
    /// `0-0` was said: CNCF distribution means both none and one byte by it.
    pub(super) unsure: bool,
}

impl Upload<'_> {
    /// Asks the registry how far the session is, and where it is now. `None` when there is no such session any more.
    pub(super) async fn status(&self, session: &mut Session) -> Result<Option<Offset>> {
        let call = self.call("ask for the upload of", Method::GET, session.url());
        let answer = self.repository().host().send(call).await?;
        match answer.status().as_u16() {
            200..=204 => {}
            // Gone, expired, or signed with the secret of another replica.
            400 | 404 | 405 | 409 | 410 | 416 => return Ok(None),
            _ => return Err(answer.into_error().await),
        }
        session.moved(&answer)?;
        let offset = said(&answer);
        Ok(offset.filter(|offset| offset.bytes <= self.node().size))
    }

    /// Is this blob worth a place in the journal?
    pub(super) fn journalled(&self) -> bool {
        self.node().size >= SINGLE_PUT
    }

    /// The session of an earlier process, if there is one and the registry still has it.
    pub(super) async fn take_up(&mut self) -> Result<Option<(Session, Offset)>> {
        if !self.journalled() {
            return Ok(None);
        }
        let (target, digest) = (self.repository().name(), self.node().digest);
        let journal = &self.repository().context().journal;
        let Some(checkpoint) = journal.load(target, &digest).await? else {
            return Ok(None);
        };
        if let Some(mut session) = Session::kept(&checkpoint.session) {
            match self.status(&mut session).await {
                Ok(Some(offset)) => {
                    if let Some(hash) = &checkpoint.hash {
                        self.blob().restore(hash);
                    }
                    self.started = checkpoint.started;
                    return Ok(Some((session, offset)));
                }
                // Nothing is known about the session; the next run may find it.
                Err(error) if is_passing(&error) => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        self.forget().await;
        Ok(None)
    }

    /// Writes down where the session is.
    pub(super) async fn save(&self, session: &Session, offset: u64) {
        if !self.journalled() {
            return;
        }
        let checkpoint = Checkpoint {
            session: session.url().into(),
            offset,
            hash: self.blob().hash_state(),
            started: self.started,
        };
        let (target, digest) = (self.repository().name(), self.node().digest);
        let journal = &self.repository().context().journal;
        if let Err(error) = journal.save(target, &digest, &checkpoint).await {
            // The copy itself is well; only its resumption is not.
            let message = format!("its upload could not be journalled: {error}");
            self.repository().notice(&digest, message);
        }
    }

    /// Strikes the upload from the journal.
    pub(super) async fn forget(&self) {
        if !self.journalled() {
            return;
        }
        let (target, digest) = (self.repository().name(), self.node().digest);
        let journal = &self.repository().context().journal;
        if let Err(error) = journal.clear(target, &digest).await {
            let message = format!("its checkpoint could not be cleared: {error}");
            self.repository().notice(&digest, message);
        }
    }

    /// Today's date as a checkpoint has it.
    pub(super) fn now(&self) -> u64 {
        let now = self.repository().context().clock.now();
        now.duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
            .as_secs()
    }
}

/// Will it be over by itself, so that a session is worth keeping?
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Cancelled
    )
}

/// What `Range` says of a session; no `Range` says that there is nothing yet.
fn said(answer: &Answer) -> Option<Offset> {
    answer.header("range").map_or(
        Some(Offset {
            bytes: 0,
            unsure: false,
        }),
        parse,
    )
}

/// Reads `0-41` (distribution-spec), also as `bytes=0-41`; `0--1`, as some write for nothing, is nothing.
fn parse(text: &str) -> Option<Offset> {
    let text = text.trim();
    let text = text
        .strip_prefix("bytes=")
        .or_else(|| text.strip_prefix("bytes "))
        .unwrap_or(text);
    let last = text.strip_prefix("0-")?;
    let (bytes, unsure) = match last {
        "-1" | "" => (0, false),
        "0" => (0, true),
        last => (last.parse::<u64>().ok()?.checked_add(1)?, false),
    };
    Some(Offset { bytes, unsure })
}

#[cfg(test)]
mod tests;
