//! What is in a container.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::Method;
use serde::Deserialize;
use transship_oci::Result;

use super::Container;
use crate::store::{
    Stat,
    cloud::{Call, base64_md5, from_xml, http_time, query},
};

/// Blobs of one page.
const PAGE: u32 = 1000;
/// A thousand blobs with 8 KiB of metadata each.
const MAX_PAGE: u64 = 16 << 20;

impl Container {
    pub(super) fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        let prefix = prefix.to_owned();
        let pages = stream::try_unfold(Some(String::new()), move |marker| {
            let prefix = prefix.clone();
            async move {
                let Some(marker) = marker else {
                    return Ok(None);
                };
                let page = self.page(&prefix, &marker).await?;
                let next = page.next_marker.filter(|next| !next.is_empty());
                let blobs = page.blobs.blob.into_iter();
                let stats: Vec<Stat> = blobs.filter_map(Listed::into_stat).collect();
                Ok(Some((stream::iter(stats.into_iter().map(Ok)), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, prefix: &str, marker: &str) -> Result<Page> {
        let op = "list";
        self.need("l", op)?;
        let fixed = format!("restype=container&comp=list&include=metadata&maxresults={PAGE}");
        let query = query(&fixed, &[("prefix", prefix), ("marker", marker)]);
        let call = Call::new(Method::GET, self.whole(&query), op);
        let answer = self.wire.expect(&call, &[200]).await?;
        let body = answer.bytes(MAX_PAGE).await?;
        from_xml(&body).map_err(|error| error.op(op).at(self.wire.location()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    blobs: Blobs,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Blobs {
    #[serde(rename = "Blob", default)]
    blob: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    name: String,
    properties: Properties,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(rename = "Content-Length")]
    length: Option<u64>,
    #[serde(rename = "Etag", alias = "ETag")]
    etag: Option<String>,
    #[serde(rename = "Content-MD5")]
    md5: Option<String>,
    #[serde(rename = "Last-Modified")]
    modified: Option<String>,
}

impl Listed {
    /// What it is, unless it is a folder that only looks like a blob (accounts with a hierarchical namespace).
    fn into_stat(self) -> Option<Stat> {
        let metadata = self.metadata.unwrap_or_default();
        let metadata: BTreeMap<_, _> = metadata
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        if metadata
            .get("hdi_isfolder")
            .is_some_and(|value| value == "true")
        {
            return None;
        }
        let Properties {
            length,
            etag,
            md5,
            modified,
        } = self.properties;
        Some(Stat {
            key: self.name,
            size: length?,
            etag: etag.filter(|tag| !tag.is_empty()).map(quoted),
            md5: md5.as_deref().and_then(base64_md5),
            modified: modified.as_deref().and_then(http_time),
            metadata,
        })
    }
}

/// Listings leave out the quotes that headers have.
fn quoted(etag: String) -> String {
    if etag.starts_with('"') {
        etag
    } else {
        format!("\"{etag}\"")
    }
}

#[cfg(test)]
mod tests;
