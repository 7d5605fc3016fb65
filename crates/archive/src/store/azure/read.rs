//! What there is, and reading it.

use std::ops::Range;

use futures::{StreamExt as _, stream};
use http::Method;
use transship_oci::{Error, ErrorKind, Result};

use super::{Container, METADATA};
use crate::store::{
    Opened, Stat,
    cloud::{Answer, Call, base64_md5, changed, range, ranged, to_stat},
};

impl Container {
    pub(super) async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let op = format!("look at {key}");
        self.need("r", &op)?;
        let call = Call::new(Method::HEAD, self.blob(key, ""), &op);
        let answer = self.wire.send(&call).await?;
        if answer.status().is_success() {
            let size = answer
                .header("content-length")
                .and_then(|text| text.parse().ok());
            let size = size.ok_or_else(|| {
                Error::new(
                    ErrorKind::Corrupt,
                    format!("the store does not say how long {key} is"),
                )
            })?;
            let mut stat = to_stat(key, size, &answer, METADATA);
            stat.md5 = answer.header("content-md5").and_then(base64_md5);
            return Ok(Some(stat));
        }
        let fault = answer.fault().await;
        if fault.code == "BlobNotFound" {
            return Ok(None);
        }
        Err(self.wire.error(&fault).op(op))
    }

    pub(super) async fn read(
        &self,
        key: &str,
        asked: Range<u64>,
        etag: Option<&str>,
    ) -> Result<Opened> {
        let op = format!("read {key}");
        self.need("r", &op)?;
        let Some(text) = range(&asked) else {
            return self.nothing(key).await;
        };
        let mut call = Call::new(Method::GET, self.blob(key, ""), &op).header("range", &text)?;
        if let Some(etag) = etag {
            call = call.header("if-match", etag)?;
        }
        let answer = self.wire.send(&call).await?;
        match answer.status().as_u16() {
            200 | 206 => {
                let md5 = whole_md5(&answer);
                let mut opened = ranged(key, &asked, answer, METADATA)
                    .map_err(|error| error.at(self.wire.location()))?;
                opened.stat.md5 = md5;
                Ok(opened)
            }
            // It begins at or behind the end.
            416 => self.nothing(key).await,
            412 => Err(changed(key).op(op).at(self.wire.location())),
            _ => {
                let fault = answer.fault().await;
                Err(self.wire.error(&fault).op(op))
            }
        }
    }

    /// No bytes of an object that is there.
    async fn nothing(&self, key: &str) -> Result<Opened> {
        let stat = self.stat(key).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("{key} is not there")).at(self.wire.location())
        })?;
        let bytes = stream::empty().boxed();
        Ok(Opened { stat, bytes })
    }
}

/// The checksum of the whole, which the answer for a range has under another name.
fn whole_md5(answer: &Answer) -> Option<[u8; 16]> {
    let name = if answer.status().as_u16() == 206 {
        "x-ms-blob-content-md5"
    } else {
        "content-md5"
    };
    answer.header(name).and_then(base64_md5)
}
