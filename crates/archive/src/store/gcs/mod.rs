//! Google Cloud Storage, by its JSON API.
//!
//! An object is written by a resumable upload: one stream, in order, that can be gone on with, with the condition that nothing
//! is replaced. (Multipart uploads of the XML API take parts in any order, but no condition, and keep no MD5.) The last
//! bytes are what makes an object visible, so they are kept back until it is complete.

mod copy;
mod list;
mod object;
mod open;
mod probe;
mod read;
mod refusal;
mod session;
mod sign;
mod upload;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use http::Method;
use transship_oci::Result;
use url::Url;

use self::upload::ResumableUpload;
use super::{
    Capacity, CopySource, Opened, Stat, Store, Upload, UploadSpec,
    address::encode_segment,
    cloud::{Call, Wire},
};

/// Whatever is not the end of an object comes in multiples of this.
pub(super) const QUANTUM: u64 = 256 * 1024;

/// A bucket.
#[derive(Debug, Clone)]
pub struct GcsStore {
    bucket: Arc<Bucket>,
}

/// What the store and its uploads share.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) wire: Wire,
    /// Without a path.
    pub(super) endpoint: Url,
    name: String,
}

impl Bucket {
    /// The URL of an object, with `query` behind it.
    pub(super) fn object(&self, key: &str, query: &str) -> Url {
        self.url("", &format!("/o/{}", encode_segment(key)), query)
    }

    /// A URL of the bucket's API: below `above`, with `path` and `query` behind the bucket.
    pub(super) fn url(&self, above: &str, path: &str, query: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(&format!(
            "{above}/storage/v1/b/{}{path}",
            encode_segment(&self.name)
        ));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }
}

#[async_trait]
impl Store for GcsStore {
    fn location(&self) -> &str {
        self.bucket.wire.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        Ok(Capacity {
            min_part: QUANTUM,
            max_part: 5 << 40,
            max_parts: u32::MAX,
            max_object: Some(5 << 40),
            free: None,
        })
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        self.bucket.stat(key).await
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        self.bucket.read(key, range, etag).await
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        self.bucket.list(prefix)
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        let upload = ResumableUpload::begin(Arc::clone(&self.bucket), key, spec).await?;
        Ok(Box::new(upload))
    }

    async fn offer(&self, key: &str) -> Result<CopySource> {
        self.source(key).await
    }

    async fn copy_from(&self, key: &str, source: &CopySource, spec: &UploadSpec) -> Result<()> {
        self.fetch(key, source, spec).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let call = Call::new(
            Method::DELETE,
            self.bucket.object(key, ""),
            format!("delete {key}"),
        );
        self.bucket.wire.expect(&call, &[200, 204, 404]).await?;
        Ok(())
    }
}
