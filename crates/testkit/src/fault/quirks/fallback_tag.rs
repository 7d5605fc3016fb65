//! The tag where a subject's referrers should be listed, with something else in it.

use async_trait::async_trait;
use http::{Method, StatusCode};
use transship_oci::{Digest, Tag};

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{answer, route_of},
};

/// What is found under a tag `sha256-<hex>` that nobody has put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FallbackTag {
    /// The subject itself, as GitLab resolves it.
    Subject,
    /// An image that has nothing to do with it.
    Stranger,
}

#[async_trait]
impl Quirk for FallbackTag {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let route = route_of(&request);
        let read = matches!(route, Route::HeadManifest | Route::GetManifest);
        let path = request.uri().path().to_owned();
        let Some((name, subject)) = fallback(&path).filter(|_| read) else {
            return next.run(request).await;
        };
        let (parts, body) = request.into_parts();
        if next.ask(&parts, Method::HEAD, &path).await.status() == StatusCode::OK {
            return next.run(Request::from_parts(parts, body)).await;
        }
        match self {
            Self::Subject => {
                let mut request = Request::from_parts(parts, body);
                let path = format!("{name}/manifests/{subject}");
                *request.uri_mut() = path.parse().expect("an address");
                next.run(request).await
            }
            Self::Stranger => Ok(stranger(route == Route::HeadManifest)),
        }
    }
}

/// The path of the repository, and the subject that a fallback tag speaks of.
pub(super) fn fallback(path: &str) -> Option<(&str, Digest)> {
    let (name, tag) = path.split_once("/manifests/")?;
    let tag: Tag = tag.parse().ok()?;
    let subject = tag.subject()?;
    (Tag::fallback(&subject) == tag).then_some((name, subject))
}

fn stranger(head: bool) -> crate::fault::Response {
    let empty = Digest::sha256(b"{}");
    let media_type = transship_oci::media_type::OCI_MANIFEST;
    let config = format!(
        r#"{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{empty}","size":2}}"#
    );
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{config},"layers":[]}}"#
    );
    let digest = Digest::sha256(text.as_bytes()).to_string();
    let length = text.len();
    let mut found = answer(
        StatusCode::OK,
        media_type,
        if head { String::new() } else { text },
    );
    let headers = found.headers_mut();
    headers.insert("docker-content-digest", digest.parse().expect("a digest"));
    headers.insert("content-length", length.into());
    found
}
