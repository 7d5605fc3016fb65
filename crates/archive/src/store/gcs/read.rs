//! What there is, and reading it.

use std::ops::Range;

use futures::{StreamExt as _, stream};
use http::Method;
use transship_oci::{Error, ErrorKind, Result};

use super::{Bucket, object::Object};
use crate::store::{
    Opened, Stat,
    cloud::{Call, changed, query, range, ranged},
};

/// An object's description, with its metadata and access lists.
const MAX_OBJECT: u64 = 1 << 20;

impl Bucket {
    pub(super) async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let op = format!("look at {key}");
        let call = Call::new(Method::GET, self.object(key, ""), &op);
        let answer = self.wire.expect(&call, &[200, 404]).await?;
        if answer.status().as_u16() == 404 {
            return Ok(None);
        }
        let body = answer.bytes(MAX_OBJECT).await?;
        let object: Option<Object> = serde_json::from_slice(&body).ok();
        let stat = object.and_then(Object::into_stat).ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                format!("what the store says of {key} makes no sense"),
            )
            .op(op)
            .at(self.wire.location())
        })?;
        Ok(Some(stat))
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
        let query = query("alt=media", &[("generation", etag.unwrap_or_default())]);
        let call = Call::new(Method::GET, self.object(key, &query), &op)
            .header("range", &text)?
            // Objects are sent as they are, whatever their encoding.
            .header("accept-encoding", "gzip")?;
        let answer = self.wire.send(&call).await?;
        match answer.status().as_u16() {
            200 | 206 => {
                let generation = answer.header("x-goog-generation").map(str::to_owned);
                let mut opened = ranged(key, &asked, answer, "x-goog-meta-")
                    .map_err(|error| error.at(self.wire.location()))?;
                opened.stat.etag = generation;
                Ok(opened)
            }
            // It begins at or behind the end.
            416 => self.nothing(key).await,
            404 if etag.is_some() && self.stat(key).await?.is_some() => {
                Err(changed(key).op(op).at(self.wire.location()))
            }
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
