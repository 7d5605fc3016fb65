//! `GET /v2/<name>/referrers/<digest>`

use axum::response::Response;
use http::{HeaderValue, Method, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use transship_oci::{Descriptor, Digest, MAX_MANIFEST, media_type};

use crate::{
    paging::{Page, next},
    query::Query,
    refusal::Refusal,
    registry::Registry,
    reply::{OCI_FILTERS_APPLIED, Reply},
};

/// What a page weighs besides its entries.
const FRAME: usize = 256;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u32,
    media_type: &'static str,
    manifests: &'a [Descriptor],
}

pub(crate) async fn list(
    registry: &Registry,
    method: &Method,
    name: &str,
    subject: &Digest,
    query: &Query,
) -> Result<Response, Refusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET, HEAD"));
    }
    let page = Page::of(query, registry.settings.page)?;
    // A 404 would say that there is no such interface here, so a repository that is not there has an empty list.
    let mut found = match registry.store.open(name).await? {
        Some(repository) => repository.referrers(subject).await?,
        None => Vec::new(),
    };
    let filter = query.one("artifactType").filter(|kind| !kind.is_empty());
    if let Some(kind) = filter {
        found.retain(|referrer| referrer.artifact_type.as_deref() == Some(kind));
    }
    if let Some(after) = page
        .after
        .as_deref()
        .and_then(|after| after.parse::<Digest>().ok())
    {
        found.retain(|referrer| referrer.digest > after);
    }
    let shown = fitting(&found, page.limit);
    let index = Index {
        schema_version: 2,
        media_type: media_type::OCI_INDEX,
        manifests: &found[..shown],
    };
    let mut reply = Reply::json(media_type::OCI_INDEX, &index)?;
    if filter.is_some() {
        reply = reply.with(
            OCI_FILTERS_APPLIED,
            HeaderValue::from_static("artifactType"),
        );
    }
    if let Some(last) = found[..shown].last().filter(|_| shown < found.len()) {
        let filter = filter.map_or_else(String::new, |kind| {
            format!(
                "&artifactType={}",
                utf8_percent_encode(kind, NON_ALPHANUMERIC)
            )
        });
        let path = format!("/v2/{name}/referrers/{subject}");
        let link = next(&path, page.limit, &last.digest.to_string(), &filter);
        reply = reply.text(header::LINK, &link);
    }
    Ok(reply.done())
}

/// How many of the referrers one page holds: by count, and so that the page is no larger than a manifest may be.
fn fitting(found: &[Descriptor], limit: usize) -> usize {
    let mut room = usize::try_from(MAX_MANIFEST).unwrap_or(usize::MAX) - FRAME;
    let mut fits = |referrer: &&Descriptor| {
        let weight = serde_json::to_vec(referrer).map_or(0, |json| json.len() + 1);
        let fits = weight <= room;
        room = room.saturating_sub(weight);
        fits
    };
    let count = found
        .iter()
        .take(limit)
        .take_while(|referrer| fits(referrer))
        .count();
    // One that alone is too large is shown all the same: nothing may be left out.
    count.max(limit.min(found.len()).min(1))
}

#[cfg(test)]
mod tests;
