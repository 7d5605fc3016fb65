//! Tags that cannot be moved.

use async_trait::async_trait;
use http::{Method, StatusCode};
use transship_oci::{Digest, Tag};

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    body::drain,
    quirk::{refusal, route_of},
};

/// A tag that exists is not written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Immutable {
    /// Not even with what it points at already, as Amazon ECR has it.
    Always,
    /// The tag comes to be, and the answer says that it was there: an earlier attempt got through.
    AfterTheFact,
}

#[async_trait]
impl Quirk for Immutable {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let path = request.uri().path().to_owned();
        let (_, name) = path.rsplit_once('/').unwrap_or_default();
        // Registries with immutable tags leave those out that are made of digests, or nobody could sign.
        let plain = name.parse::<Digest>().is_err()
            && name.parse::<Tag>().is_ok_and(|tag| tag.subject().is_none());
        if route_of(&request) != Route::PutManifest || !plain {
            return next.run(request).await;
        }
        let (parts, body) = request.into_parts();
        match self {
            Self::Always => {
                if next.ask(&parts, Method::HEAD, &path).await.status() == StatusCode::OK {
                    drain(body).await;
                    return Ok(exists(name));
                }
                next.run(Request::from_parts(parts, body)).await
            }
            Self::AfterTheFact => {
                next.run(Request::from_parts(parts, body)).await?;
                Ok(exists(name))
            }
        }
    }
}

fn exists(tag: &str) -> crate::fault::Response {
    let message = format!(
        "The image tag '{tag}' already exists and cannot be overwritten because the repository is immutable."
    );
    refusal(400, "TAG_INVALID", &message)
}
