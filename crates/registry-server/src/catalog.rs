//! `GET /v2/_catalog`, which is not in the specification but in every registry.

use axum::response::Response;
use http::Method;
use serde::Serialize;

use crate::{paging::Page, query::Query, refusal::Refusal, registry::Registry};

#[derive(Serialize)]
struct List {
    repositories: Vec<String>,
}

pub(crate) async fn list(
    registry: &Registry,
    method: &Method,
    query: &Query,
) -> Result<Response, Refusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET, HEAD"));
    }
    let page = Page::of(query, registry.settings.page)?;
    let after = page.after.as_deref();
    let mut repositories: Vec<_> = registry
        .store
        .names()
        .await?
        .into_iter()
        .filter(|name| after.is_none_or(|after| name.as_str() > after))
        .take(page.with_one_more())
        .collect();
    let last = page.cut(&mut repositories);
    page.reply("/v2/_catalog", &List { repositories }, last.as_deref())
}
