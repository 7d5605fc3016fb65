//! `GET /v2/<name>/tags/list`

use axum::response::Response;
use http::Method;
use serde::Serialize;
use transship_oci::Tag;

use crate::{paging::Page, query::Query, refusal::Refusal, registry::Registry};

#[derive(Serialize)]
struct List<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
}

pub(crate) async fn list(
    registry: &Registry,
    method: &Method,
    name: &str,
    query: &Query,
) -> Result<Response, Refusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET, HEAD"));
    }
    let page = Page::of(query, registry.settings.page)?;
    let repository = registry.repository(name).await?;
    let mut tags = repository
        .tags(page.after.as_deref(), page.with_one_more())
        .await?;
    let last = page.cut(&mut tags);
    let entries = List {
        name,
        tags: tags.iter().map(Tag::as_str).collect(),
    };
    let path = format!("/v2/{name}/tags/list");
    page.reply(&path, &entries, last.as_ref().map(Tag::as_str))
}
