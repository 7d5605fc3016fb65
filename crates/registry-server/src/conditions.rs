//! Conditional requests: `If-Match` and `If-None-Match` over entity tags that are digests (RFC 9110, §13.1).

use http::{HeaderMap, HeaderName, StatusCode, header};
use transship_oci::Digest;

use crate::{
    refusal::{Code, Refusal},
    store::Expect,
};

/// Does the client have it already?
pub(crate) fn not_modified(headers: &HeaderMap, digest: &Digest) -> bool {
    values(headers, &header::IF_NONE_MATCH)
        .any(|tag| tag == "*" || parse(tag).is_some_and(|had| had == *digest))
}

/// How a tag must be for a manifest to be put under it.
///
/// # Errors
/// 412 for an entity tag that can be none of ours, which therefore cannot match.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Expect, Refusal> {
    if values(headers, &header::IF_NONE_MATCH).any(|tag| tag == "*") {
        return Ok(Expect::Absent);
    }
    match values(headers, &header::IF_MATCH).next() {
        None | Some("*") => Ok(Expect::Anything),
        Some(tag) => parse(tag).map(Expect::Is).ok_or_else(|| {
            let message = format!("{tag} is not the entity tag of anything here");
            Refusal::new(
                StatusCode::PRECONDITION_FAILED,
                Code::PreconditionFailed,
                message,
            )
        }),
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
}

/// A weak tag of a digest is as good as a strong one: the bytes cannot differ.
fn parse(tag: &str) -> Option<Digest> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests;
