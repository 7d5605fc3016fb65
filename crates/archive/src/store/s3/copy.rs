//! Parts that S3 fetches from another of its buckets by itself (`UploadPartCopy`).

use std::{ops::Range, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use super::{S3Store, begin, upload::MultipartUpload};
use crate::store::{
    CopySource, Stat, Upload as _, UploadSpec,
    address::encode_segment,
    cloud::{Call, from_xml},
    copy::{Way, cut, unsupported},
};

/// Bytes of a part, and how many are fetched at once.
const PART: u64 = 256 << 20;
const AT_ONCE: usize = 8;

#[derive(Debug, Deserialize)]
struct Fetched {
    #[serde(rename = "ETag")]
    etag: Option<String>,
}

impl S3Store {
    pub(super) async fn source(&self, key: &str) -> Result<CopySource> {
        let stat = self.bucket.stat(key).await?.filter(|stat| stat.size > 0);
        let way = Way::S3 {
            endpoint: self.bucket.endpoint.clone(),
            path: format!(
                "/{}/{}",
                self.bucket.name,
                crate::store::address::encode(key)
            ),
        };
        Ok(CopySource {
            stat: stat.ok_or_else(unsupported)?,
            way,
        })
    }

    pub(super) async fn fetch(
        &self,
        key: &str,
        source: &CopySource,
        spec: &UploadSpec,
    ) -> Result<()> {
        let Way::S3 { endpoint, path } = &source.way else {
            return Err(unsupported());
        };
        if *endpoint != self.bucket.endpoint {
            return Err(unsupported());
        }
        let spec = UploadSpec {
            size: source.stat.size,
            session: None,
            ..spec.clone()
        };
        let upload = begin(Arc::clone(&self.bucket), key, &spec).await?;
        let outcome = fetch_all(&upload, path, &source.stat).await;
        if outcome.is_err() {
            // Parts of an upload that nobody goes on with cost money; the first error is the one to tell.
            let _ = upload.abort().await;
        }
        outcome
    }
}

async fn fetch_all(upload: &MultipartUpload, path: &str, stat: &Stat) -> Result<()> {
    let parts = cut(stat.size, PART, 10_000)?.into_iter();
    let fetched = stream::iter(parts.map(|(part, range)| upload.put_from(part, path, stat, range)));
    let receipts: Vec<String> = fetched.buffered(AT_ONCE).try_collect().await?;
    upload.complete(&receipts, &[0; 16]).await
}

impl MultipartUpload {
    async fn put_from(
        &self,
        part: u32,
        path: &str,
        stat: &Stat,
        range: Range<u64>,
    ) -> Result<String> {
        let query = format!(
            "partNumber={}&uploadId={}",
            part + 1,
            encode_segment(&self.id)
        );
        let op = format!("have part {part} of {} fetched", self.key);
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        let mut call = Call::new(Method::PUT, self.bucket.object(&self.key, &query), &op)
            .header("x-amz-copy-source", path)?
            .header("x-amz-copy-source-range", &bytes)?;
        if let Some(etag) = &stat.etag {
            call = call.header("x-amz-copy-source-if-match", etag)?;
        }
        let answer = match self.bucket.wire.expect(&call, &[200]).await {
            Ok(answer) => answer,
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unavailable) => {
                return Err(error);
            }
            // Who may write here may perhaps not read there: the bytes can still come through here.
            Err(error) => return Err(unsupported().because(error)),
        };
        let body = answer.bytes(64 * 1024).await?;
        let fetched: Fetched = from_xml(body.trim_ascii())?;
        // An error may come with a 200 here too.
        fetched.etag.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "the store gave up fetching a part")
                .op(op)
                .at(self.bucket.wire.location())
        })
    }
}
