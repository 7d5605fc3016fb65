//! Somebody else who writes the same fallback tag.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use transship_oci::{Digest, media_type};

use super::fallback_tag::fallback;
use crate::fault::{Next, Outcome, Quirk, Request, Response, Route, quirk::route_of};

/// Another writer of fallback tags, who read the tag before our client wrote it and writes after: our client's entry is
/// lost, and must be put in again beside the other's.
#[derive(Debug)]
pub struct ConcurrentWriter {
    left: AtomicU32,
}

impl ConcurrentWriter {
    /// The artifact type of the other writer's referrer.
    pub const OTHER: &str = "application/vnd.example.other-writer";

    /// Writes over the first `times` writes.
    pub fn new(times: u32) -> Self {
        Self {
            left: AtomicU32::new(times),
        }
    }

    /// Pushes the other's referrer, and a fallback index that lists it and nothing else.
    async fn write(next: Next<'_>, like: &Parts, name: &str, subject: &Digest) {
        let empty = Digest::sha256(b"{}");
        let upload = format!("{name}/blobs/uploads/?digest={empty}");
        let body = Bytes::from_static(b"{}");
        next.tell(
            like,
            Method::POST,
            &upload,
            "application/octet-stream",
            body,
        )
        .await;
        let found = next
            .ask(like, Method::HEAD, &format!("{name}/manifests/{subject}"))
            .await;
        let (kind, size) = described(&found);
        let blob =
            serde_json::json!({"mediaType": media_type::OCI_EMPTY, "digest": empty, "size": 2});
        let referrer = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": Self::OTHER,
            "config": blob, "layers": [blob],
            "subject": {"mediaType": kind, "digest": subject, "size": size},
        })
        .to_string();
        let digest = Digest::sha256(referrer.as_bytes());
        let index = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
            "manifests": [{
                "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": referrer.len(),
                "artifactType": Self::OTHER,
            }],
        })
        .to_string();
        let path = format!("{name}/manifests/{digest}");
        let put = next
            .tell(
                like,
                Method::PUT,
                &path,
                media_type::OCI_MANIFEST,
                referrer.into(),
            )
            .await;
        assert_eq!(
            put.status(),
            StatusCode::CREATED,
            "the other writer's referrer"
        );
        let put = next
            .tell(
                like,
                Method::PUT,
                like.uri.path(),
                media_type::OCI_INDEX,
                index.into(),
            )
            .await;
        assert_eq!(
            put.status(),
            StatusCode::CREATED,
            "the other writer's index"
        );
    }
}

/// Media type and size, as a HEAD says them.
fn described(found: &Response) -> (String, u64) {
    let header = |name: &str| {
        let value = found.headers().get(name).and_then(|it| it.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    (
        header("content-type"),
        header("content-length").parse().unwrap_or_default(),
    )
}

#[async_trait]
impl Quirk for ConcurrentWriter {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let put = route_of(&request) == Route::PutManifest;
        let (parts, body) = request.into_parts();
        let answer = next.run(Request::from_parts(parts.clone(), body)).await?;
        let Some((name, subject)) = fallback(parts.uri.path()).filter(|_| put) else {
            return Ok(answer);
        };
        if answer.status() == StatusCode::CREATED
            && self
                .left
                .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
                .is_ok()
        {
            Self::write(next, &parts, name, &subject).await;
        }
        Ok(answer)
    }
}
