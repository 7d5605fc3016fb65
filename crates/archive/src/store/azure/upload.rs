//! Writing a blob, block by block.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Method;
use transship_oci::{Error, ErrorKind, Result};

use super::{Container, METADATA};
use crate::store::{
    HeldPart, Upload, UploadSpec,
    address::encode_segment,
    cloud::{Call, write_metadata},
};

/// Tells the blocks of one upload from those of others: 16 hex digits.
///
/// Blocks of two writers lie side by side until one of them puts its list; that throws away the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session(String);

impl Session {
    fn new() -> Result<Self> {
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random)
            .map_err(|_| Error::new(ErrorKind::Internal, "the machine has no random numbers"))?;
        Ok(Self(format!("{:016x}", u64::from_be_bytes(random))))
    }

    fn read(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_owned()))
    }
}

/// The name of a block: all of one blob must be of one length.
fn block_id(session: &Session, part: u32) -> String {
    BASE64_STANDARD.encode(format!("{}-{part:07}", session.0))
}

/// Which part a block is, when it is of `session`.
pub(super) fn part_of(block: &str, session: &Session) -> Option<u32> {
    let name = String::from_utf8(BASE64_STANDARD.decode(block).ok()?).ok()?;
    let part = name.strip_prefix(&session.0)?.strip_prefix('-')?;
    part.parse().ok()
}

#[derive(Debug)]
pub(super) struct BlockUpload {
    pub(super) container: Arc<Container>,
    pub(super) key: String,
    session: Session,
    overwrite: bool,
    size: u64,
    metadata: BTreeMap<String, String>,
    /// What was there when the upload was taken up again; `None` where nobody can tell.
    held: Option<Vec<HeldPart>>,
}

impl BlockUpload {
    pub(super) async fn begin(
        container: Arc<Container>,
        key: &str,
        spec: &UploadSpec,
    ) -> Result<Self> {
        let op = format!("write {key}");
        container.need("wc", &op)?;
        // Found out late it would be no less safe, but after all the bytes were sent.
        if !spec.overwrite && container.allows('r') && container.stat(key).await?.is_some() {
            let error = Error::new(ErrorKind::Conflict, format!("{key} is there already"));
            return Err(error
                .op(op)
                .at(container.wire.location())
                .hinting("choose another name, or allow to overwrite it"));
        }
        let gone = || {
            Error::new(
                ErrorKind::NotFound,
                format!("the upload of {key} that was begun is gone"),
            )
            .at(container.wire.location())
        };
        let (session, held) = match &spec.session {
            None => (Session::new()?, Some(Vec::new())),
            Some(text) => {
                let session = Session::read(text).ok_or_else(gone)?;
                let mut held = None;
                if container.allows('r') {
                    let found = container.held(key, &session).await?;
                    if found.is_empty() {
                        return Err(gone());
                    }
                    held = Some(found);
                }
                (session, held)
            }
        };
        Ok(Self {
            key: key.to_owned(),
            session,
            overwrite: spec.overwrite,
            size: spec.size,
            metadata: spec.metadata.clone(),
            held,
            container,
        })
    }

    /// The name of a block of this upload.
    pub(super) fn block(&self, part: u32) -> String {
        block_id(&self.session, part)
    }

    /// Is the blob that is there the one that an earlier attempt of ours made visible, whose answer was lost?
    async fn landed(&self, md5: &[u8; 16]) -> bool {
        let found = self.container.stat(&self.key).await;
        matches!(found, Ok(Some(stat)) if stat.size == self.size && stat.md5.as_ref() == Some(md5))
    }
}

#[async_trait]
impl Upload for BlockUpload {
    fn session(&self) -> &str {
        &self.session.0
    }

    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        let block = self.block(part);
        let query = format!("comp=block&blockid={}", encode_segment(&block));
        let url = self.container.blob(&self.key, &query);
        let op = format!("write part {part} of {}", self.key);
        let call = Call::new(Method::PUT, url, op).body(bytes);
        self.container.wire.expect(&call, &[201]).await?;
        Ok(block)
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        Ok(self.held.clone())
    }

    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()> {
        let op = format!("complete {}", self.key);
        let url = self.container.blob(&self.key, "comp=blocklist");
        let mut call = Call::new(Method::PUT, url, &op)
            .headers(write_metadata(METADATA, &self.metadata)?)
            .header("x-ms-blob-content-md5", &BASE64_STANDARD.encode(md5))?
            .header("x-ms-blob-content-type", "application/x-tar")?
            .header("content-type", "application/xml")?
            .body(block_list(parts));
        if !self.overwrite {
            call = call.header("if-none-match", "*")?;
        }
        let answer = self.container.wire.send(&call).await?;
        if answer.status().as_u16() == 201 {
            return Ok(());
        }
        let repeated = answer.repeated();
        let fault = answer.fault().await;
        if repeated && self.landed(md5).await {
            return Ok(());
        }
        Err(self.container.wire.error(&fault).op(op))
    }

    /// Azure has no word for it: blocks that no list names are gone after a week.
    async fn abort(&self) -> Result<()> {
        Ok(())
    }
}

/// The list that makes a blob. Only blocks that no blob has yet: never those of the blob that is to be replaced.
fn block_list(parts: &[String]) -> String {
    let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for part in parts {
        let _ = write!(list, "<Uncommitted>{part}</Uncommitted>");
    }
    list.push_str("</BlockList>");
    list
}
