//! What there is, and reading it.

use std::ops::Range;

use futures::{StreamExt as _, stream};
use http::Method;
use transship_oci::{Error, ErrorKind, Result};

use super::{Bucket, METADATA};
use crate::store::{
    Opened, Stat,
    cloud::{Call, changed, range, ranged, to_stat},
};

impl Bucket {
    pub(super) async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let call = Call::new(Method::HEAD, self.object(key, ""), format!("look at {key}"));
        let answer = self.wire.expect(&call, &[200, 404]).await?;
        if answer.status().as_u16() == 404 {
            return Ok(None);
        }
        let size = answer
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let size = size.ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                format!("the store does not say how long {key} is"),
            )
            .at(self.wire.location())
        })?;
        Ok(Some(to_stat(key, size, &answer, METADATA)))
    }

    pub(super) async fn read(
        &self,
        key: &str,
        asked: Range<u64>,
        etag: Option<&str>,
    ) -> Result<Opened> {
        let op = format!("read {key}");
        let Some(text) = range(&asked) else {
            return self.nothing(key).await;
        };
        let mut call = Call::new(Method::GET, self.object(key, ""), &op).header("range", &text)?;
        if let Some(etag) = etag {
            call = call.header("if-match", etag)?;
        }
        let answer = self.wire.send(&call).await?;
        match answer.status().as_u16() {
            200 | 206 => ranged(key, &asked, answer, METADATA)
                .map_err(|error| error.at(self.wire.location())),
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
