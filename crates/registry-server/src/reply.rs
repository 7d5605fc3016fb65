//! Answers that say yes, put together a header at a time.

use axum::{body::Body, response::Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use transship_oci::{Digest, Error, ErrorKind};

use crate::refusal::Refusal;

pub(crate) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");
pub(crate) const DOCKER_UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
pub(crate) const OCI_CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
pub(crate) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
pub(crate) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
pub(crate) const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// An answer in the making.
#[derive(Debug)]
pub(crate) struct Reply(Response);

impl Reply {
    pub(crate) fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        Self(response)
    }

    /// An answer whose body is JSON.
    pub(crate) fn json(media_type: &'static str, value: &impl Serialize) -> Result<Self, Refusal> {
        let json = serde_json::to_vec(value).map_err(|cause| {
            Error::new(ErrorKind::Internal, "an answer cannot be written").because(cause)
        })?;
        let length = json.len();
        Ok(Self::new(StatusCode::OK)
            .with(header::CONTENT_TYPE, HeaderValue::from_static(media_type))
            .with(header::CONTENT_LENGTH, HeaderValue::from(length))
            .body(Body::from(json)))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers_mut().append(name, value.into());
        self
    }

    /// Adds a header whose value was put together from what a client sent. What no header can hold is left out.
    pub(crate) fn text(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().append(name, value);
        }
        self
    }

    /// Names the content: `Docker-Content-Digest`.
    pub(crate) fn digest(self, digest: &Digest) -> Self {
        self.text(DOCKER_CONTENT_DIGEST, &digest.to_string())
    }

    /// Names the content for caches and conditional requests.
    pub(crate) fn etag(self, digest: &Digest) -> Self {
        self.text(header::ETAG, &etag(digest))
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        *self.0.body_mut() = body;
        self
    }

    pub(crate) fn done(self) -> Response {
        self.0
    }
}

/// The entity tag of content: its digest in quotes.
pub(crate) fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}
