//! A refusal: the status, and the code by which the store names its reason.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use transship_oci::ErrorKind;

use super::from_xml;

/// How much of a store's own words is repeated.
const MAX_WORDS: usize = 200;

/// What a store said instead of doing what it was asked.
#[derive(Debug, Clone)]
pub(in crate::store) struct Fault {
    pub(in crate::store) status: StatusCode,
    pub(in crate::store) headers: HeaderMap,
    /// Such as `AuthorizationPermissionMismatch` or `NoSuchUpload`; empty where there was none.
    pub(in crate::store) code: String,
    words: String,
}

/// Azure and S3 write `<Error><Code>…`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Xml {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// Google writes `{"error": {"message": …, "errors": [{"reason": …}]}}`.
#[derive(Deserialize)]
struct Json {
    error: JsonError,
}

#[derive(Deserialize)]
struct JsonError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<JsonReason>,
}

#[derive(Deserialize)]
struct JsonReason {
    #[serde(default)]
    reason: String,
}

impl Fault {
    /// Reads what there is to read of a refusal.
    pub(in crate::store) fn read(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Self {
        let (mut code, words) = said(body);
        // The answer to a HEAD has no body.
        if let Some(named) = headers
            .get("x-ms-error-code")
            .and_then(|it| it.to_str().ok())
        {
            named.clone_into(&mut code);
        }
        Self {
            status,
            headers,
            code: tame(&code, 64),
            words: tame(&words, MAX_WORDS),
        }
    }

    /// What kind of error it is, by the status alone.
    pub(in crate::store) fn kind(&self) -> ErrorKind {
        match self.status.as_u16() {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Denied,
            404 | 410 => ErrorKind::NotFound,
            409 | 412 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            503 if matches!(self.code.as_str(), "ServerBusy" | "SlowDown") => {
                ErrorKind::RateLimited
            }
            501 => ErrorKind::Unsupported,
            408 | 500..600 => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        }
    }

    /// It in one line.
    pub(in crate::store) fn message(&self) -> String {
        let mut text = format!("the store answered {}", self.status.as_u16());
        for part in [&self.code, &self.words] {
            if !part.is_empty() {
                text.push_str(if text.ends_with(|last: char| last.is_ascii_digit()) {
                    " "
                } else {
                    ": "
                });
                text.push_str(part);
            }
        }
        text
    }
}

fn said(body: &[u8]) -> (String, String) {
    if let Ok(Json { error }) = serde_json::from_slice(body) {
        let reason = error.errors.into_iter().next();
        return (
            reason.map_or_else(String::new, |it| it.reason),
            error.message,
        );
    }
    match from_xml::<Xml>(body) {
        Ok(Xml { code, message }) => (code, message),
        Err(_) => Default::default(),
    }
}

/// The first line, without what does not print, so long at most.
fn tame(text: &str, most: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests;
