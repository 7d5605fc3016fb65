//! Refusals: the error answers of the specification.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use transship_oci::{Digest, Error, ErrorKind};

/// The codes of distribution-spec, "Error Codes", and those that CNCF distribution adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    PreconditionFailed,
    RangeInvalid,
    SizeInvalid,
    TagInvalid,
    Unauthorized,
    Unsupported,
    #[serde(rename = "TOOMANYREQUESTS")]
    TooManyRequests,
    Unknown,
}

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    code: Code,
    message: String,
    /// The digest that is missing or does not match, for machines.
    digest: Option<Digest>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Errors<'a> {
    errors: [One<'a>; 1],
}

#[derive(Serialize)]
struct One<'a> {
    code: Code,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail<'a>>,
}

#[derive(Serialize)]
struct Detail<'a> {
    digest: &'a Digest,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            digest: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn bad_request(code: Code, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn not_found(code: Code, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The path is none of the interface.
    pub(crate) fn no_such_page() -> Self {
        Self::not_found(Code::Unsupported, "there is nothing at this path")
    }

    /// The repository does not exist.
    pub(crate) fn no_repository(name: &str) -> Self {
        Self::not_found(Code::NameUnknown, format!("repository {name} is not here"))
    }

    /// The path exists, but not for this method.
    pub(crate) fn method(allowed: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::Unsupported,
            format!("only {allowed} can be done here"),
        )
        .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn about(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let say = |status, code| Self::new(status, code, error.message());
        match error.kind() {
            ErrorKind::NotFound => say(StatusCode::NOT_FOUND, Code::BlobUnknown),
            ErrorKind::DigestMismatch => say(StatusCode::BAD_REQUEST, Code::DigestInvalid),
            ErrorKind::Invalid => say(StatusCode::BAD_REQUEST, Code::ManifestInvalid),
            ErrorKind::Unsupported => say(StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported),
            ErrorKind::Conflict => say(StatusCode::PRECONDITION_FAILED, Code::PreconditionFailed),
            _ => {
                // What is wrong inside is for the operator: paths of the storage are nobody else's business.
                tracing::error!(error = %error, "storage");
                let message = "the registry's storage does not answer; its log says why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown, message)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Errors {
            errors: [One {
                code: self.code,
                message: &self.message,
                detail: self.digest.as_ref().map(|digest| Detail { digest }),
            }],
        };
        // Texts only: there is nothing here that JSON could refuse.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}
