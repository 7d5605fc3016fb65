//! Writing an object, part by part.

mod complete;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use super::{Bucket, METADATA};
use crate::store::{
    HeldPart, Upload, UploadSpec,
    address::encode_segment,
    cloud::{Call, from_xml, write_metadata},
};

/// What an upload that has no parts is called: there is no such thing in S3, so nothing is begun for it.
const EMPTY: &str = "empty";

#[derive(Debug)]
pub(super) struct MultipartUpload {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: String,
    pub(super) id: String,
    pub(super) size: u64,
    pub(super) overwrite: bool,
    pub(super) metadata: BTreeMap<String, String>,
    held: Vec<HeldPart>,
}

#[derive(Debug, Deserialize)]
struct Begun {
    #[serde(rename = "UploadId")]
    id: String,
}

/// Begins an upload, or goes on with one.
pub(super) async fn begin(
    bucket: Arc<Bucket>,
    key: &str,
    spec: &UploadSpec,
) -> Result<MultipartUpload> {
    if !spec.overwrite {
        absent(&bucket, key).await?;
    }
    let (id, held) = match &spec.session {
        _ if spec.size == 0 => (EMPTY.to_owned(), Vec::new()),
        None => (create(&bucket, key, &spec.metadata).await?, Vec::new()),
        Some(id) => (id.clone(), bucket.held(key, id).await?),
    };
    Ok(MultipartUpload {
        key: key.to_owned(),
        id,
        size: spec.size,
        overwrite: spec.overwrite,
        metadata: spec.metadata.clone(),
        held,
        bucket,
    })
}

/// Makes sure, as far as we may look, that there is no such object.
async fn absent(bucket: &Bucket, key: &str) -> Result<()> {
    match bucket.stat(key).await {
        Ok(None) => Ok(()),
        // Who may only write is refused a look, and at the latest the completion.
        Err(error) if error.kind() == ErrorKind::Denied => Ok(()),
        Err(error) => Err(error),
        Ok(Some(_)) => Err(
            Error::new(ErrorKind::Conflict, format!("{key} is there already"))
                .op(format!("write {key}"))
                .at(bucket.wire.location())
                .hinting("choose another name, or allow to overwrite it"),
        ),
    }
}

async fn create(bucket: &Bucket, key: &str, metadata: &BTreeMap<String, String>) -> Result<String> {
    let op = format!("write {key}");
    let call = Call::new(Method::POST, bucket.object(key, "uploads="), &op)
        .headers(write_metadata(METADATA, metadata)?)
        .header("content-type", "application/x-tar")?;
    let body = bucket
        .wire
        .expect(&call, &[200])
        .await?
        .bytes(64 * 1024)
        .await?;
    let begun: Begun = from_xml(&body).map_err(|error| error.op(op).at(bucket.wire.location()))?;
    Ok(begun.id)
}

#[async_trait]
impl Upload for MultipartUpload {
    fn session(&self) -> &str {
        &self.id
    }

    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        let op = format!("write part {part} of {}", self.key);
        let query = format!(
            "partNumber={}&uploadId={}",
            part + 1,
            encode_segment(&self.id)
        );
        let url = self.bucket.object(&self.key, &query);
        let call = Call::new(Method::PUT, url, &op).body(bytes);
        let answer = self.bucket.wire.expect(&call, &[200]).await?;
        let etag = answer.header("etag").map(str::to_owned);
        etag.ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                "the store does not say under which tag it keeps the part",
            )
            .op(op)
            .at(self.bucket.wire.location())
        })
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        Ok(Some(self.held.clone()))
    }

    async fn complete(&self, parts: &[String], _: &[u8; 16]) -> Result<()> {
        if !self.overwrite {
            // For endpoints that let the condition pass unread.
            self.still_absent(parts).await?;
        }
        if self.id == EMPTY {
            return self.put_empty().await;
        }
        self.finish(parts).await
    }

    async fn abort(&self) -> Result<()> {
        if self.id == EMPTY {
            return Ok(());
        }
        let url = self
            .bucket
            .object(&self.key, &format!("uploadId={}", encode_segment(&self.id)));
        let call = Call::new(Method::DELETE, url, format!("give up {}", self.key));
        self.bucket.wire.expect(&call, &[200, 204, 404]).await?;
        Ok(())
    }
}
