//! S3, of Amazon and of everybody else.
//!
//! An object is written as a multipart upload. That nothing is replaced is a condition of its completion; endpoints that do
//! not know it are asked once more, just before, whether the object is there.

mod copy;
mod held;
mod list;
mod open;
mod probe;
mod read;
mod refusal;
mod sign;
mod upload;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use http::Method;
use transship_oci::Result;
use url::Url;

use self::upload::{MultipartUpload, begin};
use super::{
    Capacity, CopySource, Opened, Stat, Store, Upload, UploadSpec,
    address::encode,
    cloud::{Call, Wire},
};

/// What metadata headers begin with.
const METADATA: &str = "x-amz-meta-";

/// A bucket.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Arc<Bucket>,
}

/// What the store and its uploads share.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) wire: Wire,
    /// Of the bucket; ends in a slash.
    url: Url,
    name: String,
    /// Tells buckets that can copy from each other from others: the endpoint's address, or Amazon in one region.
    endpoint: String,
}

impl Bucket {
    /// The URL of an object, with `query` behind it.
    pub(super) fn object(&self, key: &str, query: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", self.url.path(), encode(key)));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    /// The URL of the bucket, with `query` behind it.
    pub(super) fn whole(&self, query: &str) -> Url {
        let mut url = self.url.clone();
        url.set_query(Some(query));
        url
    }
}

#[async_trait]
impl Store for S3Store {
    fn location(&self) -> &str {
        self.bucket.wire.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        Ok(Capacity {
            min_part: 5 << 20,
            max_part: 5 << 30,
            max_parts: 10_000,
            max_object: None,
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
        let upload: MultipartUpload = begin(Arc::clone(&self.bucket), key, spec).await?;
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
