//! What a registry says went wrong (distribution-spec, "Error Codes"), and what that means.

use std::fmt::Write as _;

use http::StatusCode;
use serde::Deserialize;
use transship_oci::ErrorKind;

/// How much of a registry's own words is shown.
const MAX_WORDS: usize = 240;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::transport) struct Problem {
    status: StatusCode,
    code: Option<String>,
    words: Option<String>,
}

#[derive(Deserialize)]
struct Wrapper {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    code: serde_json::Value,
    #[serde(default)]
    message: serde_json::Value,
    #[serde(default)]
    detail: serde_json::Value,
}

/// What token endpoints answer (RFC 6749 section 5.2), and Docker Hub's `details`.
#[derive(Deserialize)]
struct Flat {
    error: Option<String>,
    error_description: Option<String>,
    details: Option<String>,
    message: Option<String>,
}

impl Problem {
    /// Reads the body of an answer; one that is not JSON of a known form says nothing.
    pub(in crate::transport) fn new(status: StatusCode, body: &[u8]) -> Self {
        let (code, words) = read(body);
        Self {
            status,
            code: code
                .map(|code| tame(&code, 64))
                .filter(|code| !code.is_empty()),
            words: words
                .map(|words| tame(&words, MAX_WORDS))
                .filter(|words| !words.is_empty()),
        }
    }

    /// Does it speak of a token that has run out? ECR Public says so with a 400.
    pub(in crate::transport) fn expired(&self) -> bool {
        let words = self
            .words
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        words.contains("token") && words.contains("expired")
    }

    /// What it means. The registry's own code says more than the status, where both are of the 400 kind.
    pub(in crate::transport) fn kind(&self) -> ErrorKind {
        let by_code = match self.code.as_deref().unwrap_or_default() {
            "UNAUTHORIZED" => Some(ErrorKind::Unauthorized),
            "DENIED" => Some(ErrorKind::Denied),
            "TOOMANYREQUESTS" => Some(ErrorKind::RateLimited),
            "UNSUPPORTED" => Some(ErrorKind::Unsupported),
            "DIGEST_INVALID" => Some(ErrorKind::DigestMismatch),
            "BLOB_UNKNOWN"
            | "BLOB_UPLOAD_UNKNOWN"
            | "MANIFEST_UNKNOWN"
            | "NAME_UNKNOWN"
            | "MANIFEST_BLOB_UNKNOWN" => Some(ErrorKind::NotFound),
            "TAG_INVALID" | "MANIFEST_INVALID" | "NAME_INVALID" | "SIZE_INVALID" => {
                Some(ErrorKind::Unsupported)
            }
            _ => None,
        };
        match (self.status.as_u16(), by_code) {
            (400, Some(kind)) => kind,
            (401, _) => ErrorKind::Unauthorized,
            (403, _) => ErrorKind::Denied,
            (404, _) => ErrorKind::NotFound,
            (409 | 412, _) => ErrorKind::Conflict,
            (429, _) => ErrorKind::RateLimited,
            (408 | 500 | 502.., _) => ErrorKind::Unavailable,
            (..400, _) => ErrorKind::Corrupt,
            // Other 4xx, and 501.
            _ => ErrorKind::Unsupported,
        }
    }

    /// For people: `the registry answered 404 Not Found (MANIFEST_UNKNOWN: manifest unknown)`.
    pub(in crate::transport) fn message(&self) -> String {
        let mut text = format!("the registry answered {}", self.status);
        match (&self.code, &self.words) {
            (Some(code), Some(words)) => _ = write!(text, " ({code}: {words})"),
            (Some(only), None) | (None, Some(only)) => _ = write!(text, " ({only})"),
            (None, None) => {}
        }
        text
    }
}

fn read(body: &[u8]) -> (Option<String>, Option<String>) {
    if let Ok(Wrapper { errors }) = serde_json::from_slice(body) {
        let Some(first) = errors.into_iter().next() else {
            return (None, None);
        };
        let mut words = text(&first.message);
        // Some say in the detail alone what is the matter.
        if let Some(detail) = text(&first.detail) {
            words = Some(words.map_or(detail.clone(), |words| format!("{words}: {detail}")));
        }
        return (text(&first.code), words);
    }
    match serde_json::from_slice(body) {
        Ok(Flat {
            error,
            error_description,
            details,
            message,
        }) => (error, error_description.or(details).or(message)),
        Err(_) => (None, None),
    }
}

fn text(value: &serde_json::Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Words from outside as they may be shown: short, one line, no control characters.
fn tame(words: &str, max: usize) -> String {
    let mut tamed: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(max)
        .collect();
    if words.chars().nth(max).is_some() {
        tamed.push('…');
    }
    tamed.trim().to_owned()
}

#[cfg(test)]
mod tests;
