//! `/v2/<name>/blobs/uploads/` and the sessions below it (distribution-spec, "Pushing Blobs").

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use futures::StreamExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::time::timeout;
use transship_oci::{Algorithm, Digest};

use crate::{
    auth::{Action, Caller},
    query::Query,
    range,
    refusal::{Code, Refusal},
    registry::Registry,
    reply::{DOCKER_UPLOAD_UUID, OCI_CHUNK_MIN_LENGTH, Reply},
    route,
    sessions::{Session, Turn},
};

/// How long a client may pause in the middle of a body. A client that is gone must not hold a connection for ever.
const PATIENCE: Duration = Duration::from_mins(5);

/// `POST`: mounts a blob, takes a whole one, or opens a session for one.
pub(crate) async fn open(
    registry: &Registry,
    caller: &Caller,
    name: &str,
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if let Some(mount) = query.one("mount") {
        let mount = route::digest(mount)?;
        if link(registry, caller, &mount, query.one("from"), name).await? {
            return Ok(created(name, &mount));
        }
    }
    let whole = query.one("digest").map(route::digest).transpose()?;
    let algorithm = match (whole, query.one("digest-algorithm")) {
        (Some(digest), _) => digest.algorithm(),
        (None, Some("sha512")) => Algorithm::Sha512,
        (None, None | Some("sha256")) => Algorithm::Sha256,
        (None, Some(other)) => {
            let message =
                format!("digest algorithm {other:?} is not supported; use sha256 or sha512");
            return Err(Refusal::bad_request(Code::DigestInvalid, message));
        }
    };
    let repository = registry.store.create(name).await?;
    let session = registry
        .sessions
        .start(name, &*repository, algorithm)
        .await?;
    let Some(digest) = whole else {
        return Ok(status(registry, StatusCode::ACCEPTED, name, &session));
    };
    let mut turn = session.turn().await?;
    let taken = take(registry, &session, &mut turn, headers, body).await;
    let upload = turn.take()?;
    let ended = match taken {
        Ok(()) => upload.commit(&digest).await,
        Err(_) => upload.abort().await,
    };
    registry.sessions.forget(&session);
    taken?;
    ended?;
    Ok(created(name, &digest))
}

/// Everything below a session's own path.
pub(crate) async fn answer(
    registry: &Registry,
    method: &Method,
    (name, id): (&str, &str),
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let repository = registry.store.open(name).await?;
    let session = registry
        .sessions
        .find(id, name, repository.as_deref())
        .await?;
    match *method {
        Method::GET | Method::HEAD => Ok(status(registry, StatusCode::NO_CONTENT, name, &session)),
        Method::PATCH => {
            let mut turn = session.turn().await?;
            take(registry, &session, &mut turn, headers, body).await?;
            Ok(status(registry, StatusCode::ACCEPTED, name, &session))
        }
        Method::PUT => {
            let digest = query.one("digest").ok_or_else(|| {
                let message = "the digest of the blob is missing; give it as ?digest=";
                Refusal::bad_request(Code::DigestInvalid, message)
            })?;
            close(
                registry,
                name,
                &session,
                &route::digest(digest)?,
                headers,
                body,
            )
            .await
        }
        Method::DELETE => {
            let aborted = session.turn().await?.take()?.abort().await;
            registry.sessions.forget(&session);
            aborted?;
            Ok(Reply::new(StatusCode::NO_CONTENT).done())
        }
        _ => Err(Refusal::method("GET, HEAD, PATCH, PUT, DELETE")),
    }
}

/// `PUT`: takes the last chunk, if there is one, and makes a blob of it all.
async fn close(
    registry: &Registry,
    name: &str,
    session: &Arc<Session>,
    digest: &Digest,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let mut turn = session.turn().await?;
    take(registry, session, &mut turn, headers, body).await?;
    let committed = turn.take()?.commit(digest).await;
    registry.sessions.forget(session);
    committed?;
    Ok(created(name, digest))
}

/// Mounts a blob from one repository into another; without `from`, from any that has it.
async fn link(
    registry: &Registry,
    caller: &Caller,
    blob: &Digest,
    from: Option<&str>,
    to: &str,
) -> Result<bool, Refusal> {
    let store = &registry.store;
    if let Some(from) = from {
        let from = route::repository(from)?;
        // A source that may not be read is treated as one that does not have the blob: a 202 says neither.
        return Ok(caller.may(Action::Pull, &from) && store.link(blob, &from, to).await?);
    }
    for from in store.names().await? {
        if caller.may(Action::Pull, &from) && store.link(blob, &from, to).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds a request's body to a session. What came before a fault stays, so that the client can go on from there.
async fn take(
    registry: &Registry,
    session: &Arc<Session>,
    turn: &mut Turn,
    headers: &HeaderMap,
    body: Body,
) -> Result<(), Refusal> {
    let offset = turn.upload()?.offset();
    let announced = announced(headers, offset).map_err(|refusal| located(refusal, session))?;
    let limit = registry.settings.max_blob;
    if announced.is_some_and(|length| length > limit.saturating_sub(offset)) {
        return Err(too_large(limit));
    }
    let moved = pour(session, turn, body, limit).await;
    turn.upload()?.flush().await?;
    session.note(turn)?;
    moved?;
    let got = session.offset() - offset;
    match announced {
        Some(length) if length != got => {
            let message = format!("{length} bytes were announced and {got} came");
            Err(Refusal::bad_request(Code::SizeInvalid, message))
        }
        _ => Ok(()),
    }
}

async fn pour(session: &Session, turn: &mut Turn, body: Body, limit: u64) -> Result<(), Refusal> {
    let mut pieces = body.into_data_stream();
    let mut over = std::pin::pin!(turn.over());
    loop {
        let piece = tokio::select! {
            biased;
            refusal = &mut over => return Err(refusal),
            piece = timeout(PATIENCE, pieces.next()) => piece,
        };
        let piece = match piece {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => return Ok(()),
            Ok(Some(Err(_))) => return Err(cut("the body ended early; ask where to go on")),
            Err(_) => return Err(cut("nothing came for a while; ask where to go on")),
        };
        let upload = turn.upload()?;
        if upload.offset().saturating_add(piece.len() as u64) > limit {
            return Err(too_large(limit));
        }
        upload.append(piece).await?;
        session.note(turn)?;
    }
}

/// How many bytes the headers promise. A chunk must start where the last one ended.
fn announced(headers: &HeaderMap, offset: u64) -> Result<Option<u64>, Refusal> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let Some(header) = text(header::CONTENT_RANGE) else {
        return Ok(length);
    };
    let chunk = range::chunk(header).ok_or_else(|| {
        let message = format!("content-range {header:?} is not of the form first-last");
        Refusal::bad_request(Code::BlobUploadInvalid, message)
    })?;
    if chunk.start != offset {
        let message = format!(
            "the chunk starts at {}, but {offset} comes next",
            chunk.start
        );
        return Err(Refusal::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            Code::RangeInvalid,
            message,
        ));
    }
    let promised = chunk.end - chunk.start;
    if length.is_some_and(|length| length != promised) {
        let message = format!("content-range {header:?} and content-length do not agree");
        return Err(Refusal::bad_request(Code::SizeInvalid, message));
    }
    Ok(Some(promised))
}

fn cut(message: &str) -> Refusal {
    Refusal::bad_request(Code::BlobUploadInvalid, message)
}

fn too_large(limit: u64) -> Refusal {
    let message = format!("a blob may have {limit} bytes here");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, message)
}

/// Where a session is and how much it holds.
fn status(registry: &Registry, status: StatusCode, name: &str, session: &Session) -> Response {
    let mut reply = Reply::new(status)
        .text(header::LOCATION, &location(name, &session.id))
        .text(header::RANGE, &held(session.offset()))
        .text(DOCKER_UPLOAD_UUID, &session.id)
        .with(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    if let Some(min) = registry.settings.chunk_min {
        reply = reply.with(OCI_CHUNK_MIN_LENGTH, HeaderValue::from(min));
    }
    if status == StatusCode::NO_CONTENT {
        // RFC 9110, §8.6: a 204 has no content-length.
        let mut response = reply.done();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        return response;
    }
    reply.done()
}

fn location(name: &str, id: &str) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

/// The `Range` of what is held. There is no way to write "nothing": like CNCF distribution we say `0-0` then.
fn held(offset: u64) -> String {
    format!("0-{}", offset.saturating_sub(1))
}

fn located(refusal: Refusal, session: &Session) -> Refusal {
    let location = location(&session.repository, &session.id);
    let pairs = [
        (header::LOCATION, location),
        (header::RANGE, held(session.offset())),
    ];
    pairs.into_iter().fold(
        refusal,
        |refusal, (name, value)| match HeaderValue::try_from(value) {
            Ok(value) => refusal.with(name, value),
            Err(_) => refusal,
        },
    )
}

fn created(name: &str, digest: &Digest) -> Response {
    Reply::new(StatusCode::CREATED)
        .text(header::LOCATION, &format!("/v2/{name}/blobs/{digest}"))
        .digest(digest)
        .with(header::CONTENT_LENGTH, HeaderValue::from_static("0"))
        .done()
}
