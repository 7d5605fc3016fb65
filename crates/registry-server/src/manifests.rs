//! `/v2/<name>/manifests/<reference>`: what is put is kept byte for byte, and given out as it was put.

use std::error::Error as _;

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::LengthLimitError;
use serde::Deserialize;
use transship_oci::{Descriptor, Error, ErrorKind, MAX_MANIFEST, Name, RawManifest, Tag};

use crate::{
    conditions,
    query::Query,
    refusal::{Code, Refusal},
    registry::Registry,
    reply::{OCI_SUBJECT, OCI_TAG, Reply},
    route,
    store::{self, StoredRepository},
};

/// How many tags one `PUT` may set.
const MAX_TAGS: usize = 100;

pub(crate) async fn answer(
    registry: &Registry,
    method: &Method,
    (name, reference): (&str, &Name),
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    match *method {
        Method::GET | Method::HEAD => {
            let repository = registry.repository(name).await?;
            get(&*repository, method, reference, headers).await
        }
        Method::PUT => put(registry, (name, reference), query, headers, body).await,
        Method::DELETE => {
            let repository = registry.repository(name).await?;
            let gone = match reference {
                Name::Digest(digest) => repository.delete_manifest(digest).await?,
                Name::Tag(tag) => repository.delete_tag(tag).await?,
            };
            if gone {
                Ok(Reply::new(StatusCode::ACCEPTED).done())
            } else {
                Err(unknown(reference))
            }
        }
        _ => Err(Refusal::method("GET, HEAD, PUT, DELETE")),
    }
}

async fn get(
    repository: &dyn StoredRepository,
    method: &Method,
    reference: &Name,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let found = repository.find(reference).await?;
    let found = found.ok_or_else(|| unknown(reference))?;
    let reply = |status| Reply::new(status).digest(&found.digest).etag(&found.digest);
    if conditions::not_modified(headers, &found.digest) {
        return Ok(reply(StatusCode::NOT_MODIFIED).done());
    }
    let reply = reply(StatusCode::OK)
        .text(header::CONTENT_TYPE, &found.media_type)
        .with(header::CONTENT_LENGTH, HeaderValue::from(found.size));
    if *method == Method::HEAD {
        return Ok(reply.done());
    }
    let manifest = repository.manifest(&found.digest).await?;
    let manifest = manifest.ok_or_else(|| unknown(reference))?;
    Ok(reply.body(Body::from(manifest.bytes().clone())).done())
}

async fn put(
    registry: &Registry,
    (name, reference): (&str, &Name),
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let expect = conditions::expected(headers)?;
    let extra: Vec<Tag> = query.all("tag").map(route::tag).collect::<Result<_, _>>()?;
    if extra.len() > MAX_TAGS {
        let message = format!("{} tags at once; {MAX_TAGS} are allowed", extra.len());
        return Err(Refusal::new(
            StatusCode::URI_TOO_LONG,
            Code::TagInvalid,
            message,
        ));
    }
    let manifest = receive(reference, headers, body).await?;
    let children = store::read(&manifest)?;
    let repository = registry.store.create(name).await?;
    if !registry.settings.sparse {
        store::complete(&*repository, &manifest)
            .await
            .map_err(incomplete)?;
    }
    let mut tags = extra.clone();
    if let Name::Tag(tag) = reference {
        tags.push(tag.clone());
    }
    repository.put(&manifest, &tags, expect).await?;
    let digest = manifest.digest();
    let mut reply = Reply::new(StatusCode::CREATED)
        .text(header::LOCATION, &format!("/v2/{name}/manifests/{digest}"))
        .digest(&digest)
        .with(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    if let Some(subject) = children.subject_digest() {
        reply = reply.text(OCI_SUBJECT, &subject.to_string());
    }
    for tag in &extra {
        reply = reply.text(OCI_TAG, tag.as_str());
    }
    Ok(reply.done())
}

/// Reads a manifest off the wire and checks it against the digest it is put under.
async fn receive(
    reference: &Name,
    headers: &HeaderMap,
    body: Body,
) -> Result<RawManifest, Refusal> {
    let cap = usize::try_from(MAX_MANIFEST).unwrap_or(usize::MAX);
    let bytes = to_bytes(body, cap).await.map_err(|cause| {
        let over = cause
            .source()
            .and_then(|cause| cause.downcast_ref::<LengthLimitError>());
        if over.is_some() {
            let message = format!("a manifest may have {MAX_MANIFEST} bytes here");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, message)
        } else {
            Refusal::bad_request(Code::ManifestInvalid, "the body ended early")
        }
    })?;
    let media_type = media_type(headers, &bytes)?;
    let expected = match reference {
        Name::Tag(_) => Descriptor::of(media_type, &bytes),
        Name::Digest(digest) => Descriptor::new(media_type, *digest, bytes.len() as u64),
    };
    Ok(RawManifest::verified(&expected, bytes)?)
}

/// What the sender says it is: `Content-Type`, or the manifest's own word.
fn media_type(headers: &HeaderMap, bytes: &Bytes) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct OwnWord {
        media_type: Option<String>,
    }
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim().to_owned())
        .filter(|value| !value.is_empty());
    let own = || serde_json::from_slice::<OwnWord>(bytes).ok()?.media_type;
    said.or_else(own).ok_or_else(|| {
        let message = "the manifest's media type is missing; send it as content-type";
        Refusal::bad_request(Code::ManifestInvalid, message)
    })
}

/// What a manifest lacks has a code of its own.
fn incomplete(error: Error) -> Refusal {
    if error.kind() == ErrorKind::Invalid {
        Refusal::bad_request(Code::ManifestBlobUnknown, error.message())
    } else {
        error.into()
    }
}

fn unknown(reference: &Name) -> Refusal {
    let message = format!("manifest {reference} is not in this repository");
    let refusal = Refusal::not_found(Code::ManifestUnknown, message);
    match reference {
        Name::Digest(digest) => refusal.about(*digest),
        Name::Tag(_) => refusal,
    }
}
