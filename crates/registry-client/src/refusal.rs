//! A refusal: an answer that is no success, kept so that its status and words can be asked before it becomes an error.

use http::StatusCode;
use transship_oci::{Error, ErrorKind};

use crate::transport::Answer;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: Option<StatusCode>,
    error: Error,
}

impl Refusal {
    /// Reads what the registry has to say.
    pub(crate) async fn read(answer: Answer) -> Self {
        Self {
            status: Some(answer.status()),
            error: answer.into_error().await,
        }
    }

    /// The status, where there was an answer at all.
    pub(crate) fn status(&self) -> Option<u16> {
        self.status.map(|status| status.as_u16())
    }

    /// Does the registry say so, as a code or in its words?
    pub(crate) fn says(&self, word: &str) -> bool {
        let message = self.error.message().to_ascii_lowercase();
        message.contains(&word.to_ascii_lowercase())
    }

    /// Is it a 404 that says that there is no such repository? Harbor's code for it is `NOT_FOUND`.
    pub(crate) fn says_no_repository(&self) -> bool {
        self.status() == Some(404) && (self.says("(NAME_UNKNOWN") || self.says("(NOT_FOUND"))
    }

    /// Is it how registries refuse to move a tag that may not be moved?
    pub(crate) fn says_immutable(&self) -> bool {
        const WORDS: [&str; 7] = [
            "immutable",
            "already exists",
            "alreadyexists",
            "overwrit",
            "tag_invalid",
            "tag invalid",
            "cannot be moved",
        ];
        WORDS.iter().any(|word| self.says(word))
    }

    /// May the registry refuse a tag this way because it is immutable?
    pub(crate) fn may_be_about_the_tag(&self) -> bool {
        matches!(self.status(), Some(400 | 403 | 405 | 409 | 412))
            || matches!(self.error.kind(), ErrorKind::Denied | ErrorKind::Conflict)
    }

    /// The error it is.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}

impl From<Error> for Refusal {
    /// What the layers below gave up on.
    fn from(error: Error) -> Self {
        Self {
            status: None,
            error,
        }
    }
}
