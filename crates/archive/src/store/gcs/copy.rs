//! Objects that Google copies by itself (Objects: rewrite), in as many steps as it likes.

use http::Method;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use super::GcsStore;
use crate::store::{
    CopySource, UploadSpec,
    address::encode_segment,
    cloud::{Call, query},
    copy::{Way, unsupported},
};

/// Far more steps than the largest object takes.
const MAX_STEPS: u32 = 100_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    done: bool,
    rewrite_token: Option<String>,
}

impl GcsStore {
    pub(super) async fn source(&self, key: &str) -> Result<CopySource> {
        let stat = self.bucket.stat(key).await?.ok_or_else(unsupported)?;
        let url = self.bucket.object(key, "");
        let way = Way::Gcs {
            endpoint: self.bucket.endpoint.to_string(),
            path: url.path().to_owned(),
        };
        Ok(CopySource { stat, way })
    }

    pub(super) async fn fetch(
        &self,
        key: &str,
        source: &CopySource,
        spec: &UploadSpec,
    ) -> Result<()> {
        let Way::Gcs { endpoint, path } = &source.way else {
            return Err(unsupported());
        };
        if *endpoint != self.bucket.endpoint.to_string() {
            return Err(unsupported());
        }
        if !spec.overwrite {
            self.bucket.absent(key).await?;
        }
        let op = format!("have {key} copied");
        let about =
            serde_json::json!({"contentType": "application/x-tar", "metadata": spec.metadata});
        let mut token = String::new();
        for _ in 0..MAX_STEPS {
            let mut url = self.bucket.endpoint.clone();
            let bucket = encode_segment(&self.bucket.name);
            url.set_path(&format!(
                "{path}/rewriteTo/b/{bucket}/o/{}",
                encode_segment(key)
            ));
            let unless = if spec.overwrite { "" } else { "0" };
            let same = source.stat.etag.as_deref().unwrap_or_default();
            let pairs = [
                ("ifGenerationMatch", unless),
                ("ifSourceGenerationMatch", same),
                ("rewriteToken", &token),
            ];
            url.set_query(Some(&query("", &pairs)));
            let call = Call::new(Method::POST, url, &op)
                .header("content-type", "application/json")?
                .body(about.to_string());
            let body = self
                .bucket
                .wire
                .expect(&call, &[200])
                .await?
                .bytes(1 << 20)
                .await?;
            let step: Option<Step> = serde_json::from_slice(&body).ok();
            match step {
                Some(Step { done: true, .. }) => return Ok(()),
                Some(Step {
                    rewrite_token: Some(next),
                    ..
                }) => token = next,
                _ => break,
            }
        }
        Err(Error::new(
            ErrorKind::Corrupt,
            "what the store says of the copy makes no sense",
        )
        .op(op)
        .at(self.bucket.wire.location()))
    }
}
