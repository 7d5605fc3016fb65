//! Addresses of objects in buckets: S3's and Google's.

use std::fmt;

use transship_oci::Error;

use super::{invalid, key};

/// A bucket, and what is in it. Names are written as they are, without percent-encoding, as the clouds' own tools do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAddress {
    bucket: String,
    key: String,
}

impl BucketAddress {
    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object; empty for the bucket itself.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn with_key(&self, key: String) -> Self {
        let bucket = self.bucket.clone();
        Self { bucket, key }
    }
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bucket)?;
        if self.key.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.key)
    }
}

pub(super) fn parse(scheme: &str, rest: &str) -> Result<BucketAddress, Error> {
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(3..=222).contains(&bucket.len()) || !bucket.bytes().all(fits) || bucket.starts_with('.') {
        return Err(invalid(format!(
            "the bucket of the {scheme}:// address cannot be one"
        ))
        .hinting(format!(
            "write {scheme}://BUCKET/KEY; the endpoint comes from the settings"
        )));
    }
    Ok(BucketAddress {
        bucket: bucket.to_owned(),
        key: key::checked(key)?,
    })
}
