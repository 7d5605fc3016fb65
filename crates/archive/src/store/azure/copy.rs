//! Blocks that Azure fetches from a URL by itself (Put Block From URL).

use std::{ops::Range, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use transship_oci::{ErrorKind, Result};

use super::{AzureStore, upload::BlockUpload};
use crate::store::{
    CopySource, Stat, Upload as _, UploadSpec,
    address::encode_segment,
    cloud::Call,
    copy::{Way, cut, unsupported},
};

/// Bytes of a block, and how many are fetched at once.
const BLOCK: u64 = 64 << 20;
const AT_ONCE: usize = 8;

impl AzureStore {
    /// A SAS or a token lets the other account read; a key would have to leave this machine.
    pub(super) async fn source(&self, key: &str) -> Result<CopySource> {
        let (query, token) = self
            .container
            .wire
            .authority()
            .await?
            .ok_or_else(unsupported)?;
        let stat = self.container.stat(key).await?;
        // Without a checksum the copy would have none either, and nobody counts it on the way.
        let stat = stat
            .filter(|stat| stat.md5.is_some())
            .ok_or_else(unsupported)?;
        let url = self.container.blob(key, &query);
        let way = Way::Azure {
            url: url.as_str().into(),
            token,
        };
        Ok(CopySource { stat, way })
    }

    pub(super) async fn fetch(
        &self,
        key: &str,
        source: &CopySource,
        spec: &UploadSpec,
    ) -> Result<()> {
        let (Way::Azure { url, token }, Some(md5)) = (&source.way, source.stat.md5) else {
            return Err(unsupported());
        };
        let spec = UploadSpec {
            size: source.stat.size,
            session: None,
            ..spec.clone()
        };
        let upload = BlockUpload::begin(Arc::clone(&self.container), key, &spec).await?;
        let upload = &upload;
        let blocks = cut(source.stat.size, BLOCK, 50_000)?.into_iter();
        let fetched = stream::iter(blocks.map(|(part, range)| async move {
            upload
                .put_from(part, (url, token.as_ref()), &source.stat, range)
                .await
        }));
        let receipts: Vec<String> = fetched.buffered(AT_ONCE).try_collect().await?;
        upload.complete(&receipts, &md5).await
    }
}

impl BlockUpload {
    async fn put_from(
        &self,
        part: u32,
        (url, token): (&SecretString, Option<&SecretString>),
        stat: &Stat,
        range: Range<u64>,
    ) -> Result<String> {
        let block = self.block(part);
        let query = format!("comp=block&blockid={}", encode_segment(&block));
        let target = self.container.blob(&self.key, &query);
        let op = format!("have part {part} of {} fetched", self.key);
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        let mut call = Call::new(Method::PUT, target, op)
            .secret("x-ms-copy-source", url.expose_secret())?
            .header("x-ms-source-range", &bytes)?;
        if let Some(token) = token {
            let bearer = format!("Bearer {}", token.expose_secret());
            call = call.secret("x-ms-copy-source-authorization", &bearer)?;
        }
        if let Some(etag) = &stat.etag {
            call = call.header("x-ms-source-if-match", etag)?;
        }
        let answer = self.container.wire.expect(&call, &[201]).await;
        match answer {
            Ok(_) => Ok(block),
            // Whatever keeps one store from the other (firewalls, versions), the bytes can still come through here.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unavailable) => {
                Err(error)
            }
            Err(error) => Err(unsupported().because(error)),
        }
    }
}
