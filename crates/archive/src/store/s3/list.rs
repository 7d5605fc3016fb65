//! What is in a bucket.

use std::time::SystemTime;

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use transship_oci::Result;

use super::Bucket;
use crate::store::{
    Stat,
    cloud::{Call, from_xml, query},
};

/// A thousand objects, with names of a kilobyte.
const MAX_PAGE: u64 = 8 << 20;

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
                let next = page.next_continuation_token.filter(|_| page.is_truncated);
                let stats = page
                    .contents
                    .into_iter()
                    .map(|listed| Ok(listed.into_stat()));
                Ok(Some((stream::iter(stats), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, prefix: &str, token: &str) -> Result<Page> {
        let op = "list";
        let pairs = [("prefix", prefix), ("continuation-token", token)];
        let query = query("list-type=2", &pairs);
        let call = Call::new(Method::GET, self.whole(&query), op);
        let body = self
            .wire
            .expect(&call, &[200])
            .await?
            .bytes(MAX_PAGE)
            .await?;
        from_xml(&body).map_err(|error| error.op(op).at(self.wire.location()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    contents: Vec<Listed>,
    #[serde(default)]
    is_truncated: bool,
    next_continuation_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    key: String,
    size: u64,
    #[serde(rename = "ETag")]
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Listed {
    fn into_stat(self) -> Stat {
        let modified = self
            .last_modified
            .and_then(|text| text.parse::<Timestamp>().ok());
        Stat {
            key: self.key,
            size: self.size,
            etag: self.etag,
            md5: None,
            modified: modified.and_then(|time| SystemTime::try_from(time).ok()),
            metadata: std::collections::BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
