//! What is in a bucket.

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::Method;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use super::{Bucket, object::Object};
use crate::store::{
    Stat,
    cloud::{Call, query},
};

/// A thousand objects with 8 KiB of metadata each.
const MAX_PAGE: u64 = 16 << 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Object>,
    next_page_token: Option<String>,
}

impl Bucket {
    pub(super) fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        let prefix = prefix.to_owned();
        let pages = stream::try_unfold(Some(String::new()), move |token| {
            let prefix = prefix.clone();
            async move {
                let Some(token) = token else {
                    return Ok(None);
                };
                let page = self.page(&prefix, &token).await?;
                let next = page.next_page_token.filter(|next| !next.is_empty());
                let stats: Vec<Stat> = page
                    .items
                    .into_iter()
                    .filter_map(Object::into_stat)
                    .collect();
                Ok(Some((stream::iter(stats.into_iter().map(Ok)), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, prefix: &str, token: &str) -> Result<Page> {
        let op = "list";
        let query = query(
            "maxResults=1000",
            &[("prefix", prefix), ("pageToken", token)],
        );
        let call = Call::new(Method::GET, self.url("", "/o", &query), op);
        let body = self
            .wire
            .expect(&call, &[200])
            .await?
            .bytes(MAX_PAGE)
            .await?;
        serde_json::from_slice(&body).map_err(|cause| {
            Error::new(
                ErrorKind::Corrupt,
                "the store answered with a list that makes no sense",
            )
            .because(cause)
            .op(op)
            .at(self.wire.location())
        })
    }
}
