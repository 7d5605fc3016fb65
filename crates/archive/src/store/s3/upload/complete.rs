//! Making an object of its parts.

use std::fmt::Write as _;

use http::Method;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use transship_oci::{ErrorKind, Result};

use super::{super::METADATA, MultipartUpload, absent};
use crate::store::{
    address::encode_segment,
    cloud::{Answer, Call, Fault, from_xml, write_metadata},
};

/// Only what tells a success from an error that came with a 200.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(rename = "ETag")]
    etag: Option<String>,
}

impl MultipartUpload {
    /// Makes sure that nobody was faster; ourselves in an earlier life excepted, whose upload can be completed again.
    pub(super) async fn still_absent(&self, parts: &[String]) -> Result<()> {
        match absent(&self.bucket, &self.key).await {
            Err(error) if error.kind() == ErrorKind::Conflict && self.landed(parts).await => Ok(()),
            outcome => outcome,
        }
    }

    /// An object without bytes.
    pub(super) async fn put_empty(&self) -> Result<()> {
        let op = format!("complete {}", self.key);
        let mut call = Call::new(Method::PUT, self.bucket.object(&self.key, ""), op)
            .headers(write_metadata(METADATA, &self.metadata)?)
            .header("content-type", "application/x-tar")?;
        if !self.overwrite {
            call = call.header("if-none-match", "*")?;
        }
        self.bucket.wire.expect(&call, &[200]).await?;
        Ok(())
    }

    pub(super) async fn finish(&self, parts: &[String]) -> Result<()> {
        let mut conditional = !self.overwrite;
        loop {
            let answer = self.ask(parts, conditional).await?;
            let repeated = answer.repeated();
            let Some(fault) = refusal(answer).await? else {
                return Ok(());
            };
            if conditional && fault.kind() == ErrorKind::Unsupported {
                tracing::warn!(
                    store = self.bucket.wire.location(),
                    "the endpoint cannot keep two writers apart; whoever completes last replaces the other's object"
                );
                conditional = false;
                continue;
            }
            if repeated && self.landed(parts).await {
                return Ok(());
            }
            return Err(self
                .bucket
                .wire
                .error(&fault)
                .op(format!("complete {}", self.key)));
        }
    }

    async fn ask(&self, parts: &[String], conditional: bool) -> Result<Answer> {
        let query = format!("uploadId={}", encode_segment(&self.id));
        let url = self.bucket.object(&self.key, &query);
        let mut call = Call::new(Method::POST, url, format!("complete {}", self.key))
            .header("content-type", "application/xml")?
            .body(list(parts));
        if conditional {
            call = call.header("if-none-match", "*")?;
        }
        self.bucket.wire.send(&call).await
    }

    /// Is the object that is there made of these parts? Then an earlier attempt of ours did it, whose answer was lost.
    async fn landed(&self, parts: &[String]) -> bool {
        let Some(wanted) = multipart_etag(parts) else {
            return false;
        };
        let found = self.bucket.stat(&self.key).await;
        matches!(found, Ok(Some(stat)) if stat.size == self.size && stat.etag.as_deref() == Some(&wanted))
    }
}

/// S3 may say 200, keep the connection alive with spaces for minutes, and then say that it failed.
async fn refusal(answer: Answer) -> Result<Option<Fault>> {
    if answer.status().as_u16() != 200 {
        return Ok(Some(answer.fault().await));
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes(64 * 1024).await?;
    let trimmed = body.trim_ascii();
    let said: Said = from_xml(trimmed)?;
    Ok(said
        .etag
        .is_none()
        .then(|| Fault::read(status, headers, trimmed)))
}

fn list(parts: &[String]) -> String {
    let mut list =
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
    for (i, etag) in parts.iter().enumerate() {
        let etag = etag.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            list,
            "<Part><PartNumber>{}</PartNumber><ETag>{etag}</ETag></Part>",
            i + 1
        );
    }
    list.push_str("</CompleteMultipartUpload>");
    list
}

/// The tag of an object made of parts whose tags are their MD5, as they are where nothing is encrypted with keys of a
/// service: the MD5 of their MD5s, and how many there are.
fn multipart_etag(parts: &[String]) -> Option<String> {
    let mut md5 = Md5::new();
    for part in parts {
        let hex = part.trim_matches('"');
        if hex.len() != 32 {
            return None;
        }
        let digits = hex.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        md5.update(bytes?);
    }
    let mut text = "\"".to_owned();
    for byte in md5.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    let _ = write!(text, "-{}\"", parts.len());
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::multipart_etag;

    #[test]
    fn the_tag_of_a_whole_is_made_of_those_of_its_parts() {
        let parts = [
            "\"5d41402abc4b2a76b9719d911017c592\"",
            "7d793037a0760186574b0282f2f435e7",
        ]
        .map(str::to_owned);
        // md5 of the 32 bytes 5d41…c5927d79…35e7.
        assert_eq!(
            multipart_etag(&parts).as_deref(),
            Some("\"065947336a2f2a95ba8899f3675c3be6-2\"")
        );
        assert_eq!(multipart_etag(&["\"x\"".to_owned()]), None);
        assert_eq!(multipart_etag(&["\u{e4}".repeat(16)]), None);
    }
}
