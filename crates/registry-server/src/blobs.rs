//! `/v2/<name>/blobs/<digest>`

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use transship_oci::Digest;

use crate::{
    conditions,
    range::{self, Wanted},
    refusal::{Code, Refusal},
    registry::Registry,
    reply::{self, Reply},
    store::StoredRepository,
};

pub(crate) async fn answer(
    registry: &Registry,
    method: &Method,
    name: &str,
    digest: &Digest,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let repository = registry.repository(name).await?;
    match *method {
        Method::GET | Method::HEAD => get(&*repository, method, digest, headers).await,
        Method::DELETE => delete(&*repository, digest).await,
        _ => Err(Refusal::method("GET, HEAD, DELETE")),
    }
}

async fn get(
    repository: &dyn StoredRepository,
    method: &Method,
    digest: &Digest,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let size = repository.size(digest).await?;
    let size = size.ok_or_else(|| unknown(digest))?;
    if conditions::not_modified(headers, digest) {
        return Ok(Reply::new(StatusCode::NOT_MODIFIED)
            .digest(digest)
            .etag(digest)
            .done());
    }
    let (status, part) = match range::wanted(asked_range(headers, digest), size) {
        Wanted::All => (StatusCode::OK, 0..size),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Unsatisfiable => return Err(unsatisfiable(digest, size)),
    };
    let mut reply = Reply::new(status)
        .digest(digest)
        .etag(digest)
        .with(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .with(
            header::CONTENT_LENGTH,
            HeaderValue::from(part.end - part.start),
        )
        .with(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        reply = reply.text(header::CONTENT_RANGE, &range);
    }
    if *method == Method::GET {
        let bytes = repository.read(digest, part).await?;
        reply = reply.body(Body::from_stream(bytes));
    }
    Ok(reply.done())
}

/// `Range`, unless `If-Range` speaks of other content.
fn asked_range<'a>(headers: &'a HeaderMap, digest: &Digest) -> Option<&'a str> {
    let same = headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| tag.as_bytes() == reply::etag(digest).as_bytes());
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    same.then_some(range)
}

async fn delete(repository: &dyn StoredRepository, digest: &Digest) -> Result<Response, Refusal> {
    if repository.delete_blob(digest).await? {
        Ok(Reply::new(StatusCode::ACCEPTED).done())
    } else {
        Err(unknown(digest))
    }
}

fn unknown(digest: &Digest) -> Refusal {
    let message = format!("blob {digest} is not in this repository");
    Refusal::not_found(Code::BlobUnknown, message).about(*digest)
}

fn unsatisfiable(digest: &Digest, size: u64) -> Refusal {
    let message = format!("blob {digest} has {size} bytes; the range is outside of them");
    let refusal = Refusal::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        Code::RangeInvalid,
        message,
    );
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(value) => refusal.with(header::CONTENT_RANGE, value),
        Err(_) => refusal,
    }
}
