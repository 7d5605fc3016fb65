//! Azure Blob Storage, and what speaks its protocol.
//!
//! A blob is written in blocks, which nobody sees before the list of them is put; that one request carries the condition
//! (`If-None-Match: *`), the checksum of the whole and the metadata. So two writers may race, and one of them wins.

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
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use self::upload::BlockUpload;
use super::{
    Capacity, CopySource, Opened, Sas, Stat, Store, Upload, UploadSpec,
    address::encode,
    cloud::{Call, Wire},
};

/// What metadata headers begin with.
const METADATA: &str = "x-ms-meta-";

/// A container.
#[derive(Debug, Clone)]
pub struct AzureStore {
    container: Arc<Container>,
}

/// What the store and its uploads share.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) wire: Wire,
    /// Ends in the container's name, without a slash.
    url: Url,
    sas: Option<Sas>,
}

impl Container {
    /// The URL of a blob, with `query` behind it.
    pub(super) fn blob(&self, key: &str, query: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{}", self.url.path(), encode(key)));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    /// The URL of the container, with `query` behind it.
    pub(super) fn whole(&self, query: &str) -> Url {
        let mut url = self.url.clone();
        url.set_query(Some(query));
        url
    }

    /// Says which letter of the SAS is missing, without asking the store. One of `letters` is enough.
    ///
    /// # Errors
    /// `Denied`.
    pub(super) fn need(&self, letters: &str, op: &str) -> Result<()> {
        let Some(has) = self
            .sas
            .as_ref()
            .and_then(|sas| sas.terms().permissions.as_ref())
        else {
            return Ok(());
        };
        if has.contains(|letter| letters.contains(letter)) {
            return Ok(());
        }
        let first = letters.chars().next().unwrap_or_default();
        let (verb, word) = verb(first);
        Err(Error::new(
            ErrorKind::Denied,
            format!("the SAS allows `{has}`, which leaves out {first} ({word}): it cannot {verb}"),
        )
        .op(op)
        .at(self.wire.location())
        .hinting(format!("make one that allows {first} too")))
    }

    /// Does the SAS, where there is one, allow `letter`?
    pub(super) fn allows(&self, letter: char) -> bool {
        let permissions = self
            .sas
            .as_ref()
            .and_then(|sas| sas.terms().permissions.as_ref());
        permissions.is_none_or(|has| has.contains(letter))
    }
}

/// What a letter of a SAS is for.
fn verb(letter: char) -> (&'static str, &'static str) {
    match letter {
        'r' => ("read blobs", "read"),
        'l' => ("list the container", "list"),
        'd' => ("delete blobs", "delete"),
        _ => ("write blobs", "write"),
    }
}

#[async_trait]
impl Store for AzureStore {
    fn location(&self) -> &str {
        self.container.wire.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        Ok(Capacity {
            min_part: 1,
            max_part: 4000 << 20,
            max_parts: 50_000,
            max_object: None,
            free: None,
        })
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        self.container.stat(key).await
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        self.container.read(key, range, etag).await
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        self.container.list(prefix)
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        let upload = BlockUpload::begin(Arc::clone(&self.container), key, spec).await?;
        Ok(Box::new(upload))
    }

    async fn offer(&self, key: &str) -> Result<CopySource> {
        self.source(key).await
    }

    async fn copy_from(&self, key: &str, source: &CopySource, spec: &UploadSpec) -> Result<()> {
        self.fetch(key, source, spec).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let op = format!("delete {key}");
        self.container.need("d", &op)?;
        let url = self.container.blob(key, "");
        let call = Call::new(Method::DELETE, url, &op);
        let answer = self.container.wire.send(&call).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        let fault = answer.fault().await;
        if fault.code == "BlobNotFound" {
            return Ok(());
        }
        Err(self.container.wire.error(&fault).op(op))
    }
}
