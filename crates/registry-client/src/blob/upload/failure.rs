//! How sending a blob goes wrong, and what that calls for.

use transship_oci::{Error, ErrorKind};

use crate::{refusal::Refusal, transport::Answer};

/// Why a blob is not there yet.
#[derive(Debug)]
pub(in crate::blob) enum Failure {
    /// It broke off in the middle: ask how far it came, and go on.
    Cut(Error),
    /// The registry has another offset than we have: ask it.
    OutOfRange(Error),
    /// The session is gone: open another.
    Lost(Error),
    /// This way is not taken here: try another. `true` when the body was too large.
    Refused(Error, bool),
    /// The bytes could not be had.
    Source(Error),
    /// It is no use.
    Fatal(Error),
}

impl Failure {
    /// What an answer to a part of an upload means.
    pub(in crate::blob) async fn of(answer: Answer) -> Self {
        let status = answer.status().as_u16();
        let refusal = Refusal::read(answer).await;
        let says = |code| refusal.says(code);
        match status {
            401 | 408 | 425 | 429 | 500 | 502 | 503 | 504 => Self::Cut(refusal.into_error()),
            416 => Self::OutOfRange(refusal.into_error()),
            404 | 410 if status == 410 || says("BLOB_UPLOAD_UNKNOWN") => {
                Self::Lost(refusal.into_error())
            }
            400 | 409
                if says("BLOB_UPLOAD_INVALID")
                    || says("SIZE_INVALID")
                    || says("BLOB_UPLOAD_UNKNOWN") =>
            {
                Self::Lost(refusal.into_error())
            }
            400 if says("DIGEST_INVALID") => Self::Fatal(refusal.into_error()),
            413 => Self::Refused(refusal.into_error(), true),
            400 | 404 | 405 | 411 | 414 | 415 | 501 => Self::Refused(refusal.into_error(), false),
            _ => Self::Fatal(refusal.into_error()),
        }
    }

    /// An answer after which one goes on, whatever it says.
    pub(in crate::blob) async fn cut(answer: Answer) -> Self {
        Self::Cut(answer.into_error().await)
    }

    /// What it means that a request with a stream was not answered.
    pub(in crate::blob) fn lost_connection(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Unavailable => Self::Cut(error),
            _ => Self::Fatal(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}
