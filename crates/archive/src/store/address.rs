//! Addresses: how people name an archive in a store.

mod azure;
mod bucket;
mod key;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use transship_oci::{Error, ErrorKind};

pub use self::{azure::AzureAddress, bucket::BucketAddress};
pub(super) use self::{
    azure::is_loopback,
    key::{encode, encode_segment},
};

/// Nobody writes a longer one by hand, and a SAS has at most a few hundred characters.
const MAX_ADDRESS: usize = 8 * 1024;

/// Where an archive is, or is to be.
///
/// `az://ACCOUNT/CONTAINER[/KEY]`, `https://ACCOUNT.blob.core.windows.net/CONTAINER[/KEY]?SAS`, `s3://BUCKET[/KEY]`,
/// `gs://BUCKET[/KEY]`, `file:///PATH`, or a path. A signature in it is kept, and never shown.
#[derive(Debug, Clone)]
pub enum Address {
    /// A blob in Azure, or in something that speaks the same protocol.
    Azure(AzureAddress),
    /// An object in S3, or in something that speaks the same protocol.
    S3(BucketAddress),
    /// An object in Google Cloud Storage.
    Gcs(BucketAddress),
    /// A file.
    File(PathBuf),
}

impl Address {
    /// The name of the object within its container; empty for a container, ending in `/` for a folder. Of a file, its
    /// name without folders; empty for a path that was written as that of a folder.
    pub fn key(&self) -> &str {
        match self {
            Self::Azure(azure) => azure.key(),
            Self::S3(bucket) | Self::Gcs(bucket) => bucket.key(),
            Self::File(_) if self.is_folder() => "",
            Self::File(path) => file_name(path),
        }
    }

    /// Is it a container or a folder rather than an object? Of a path, whether it was written as one.
    pub fn is_folder(&self) -> bool {
        match self {
            Self::File(path) => {
                let text = path.as_os_str().as_encoded_bytes();
                file_name(path).is_empty() || matches!(text.last(), Some(b'/'))
            }
            _ => self.key().is_empty() || self.key().ends_with('/'),
        }
    }

    /// The same, taken to be a container or a folder whatever was written: a path may turn out to be one.
    pub fn as_folder(&self) -> Self {
        if self.is_folder() {
            return self.clone();
        }
        let key = || format!("{}/", self.key());
        match self {
            Self::Azure(azure) => Self::Azure(azure.with_key(key())),
            Self::S3(bucket) => Self::S3(bucket.with_key(key())),
            Self::Gcs(bucket) => Self::Gcs(bucket.with_key(key())),
            // A path joined with nothing has a slash at its end.
            Self::File(path) => Self::File(path.join("")),
        }
    }

    /// The same place with another object: `key` beside the one named here, or below the folder.
    ///
    /// # Errors
    /// `Invalid` when that cannot be the name of an object.
    pub fn beside(&self, key: &str) -> Result<Self, Error> {
        let folder = match self.key().rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => String::new(),
        };
        let key = key::checked(&format!("{folder}{key}"))?;
        Ok(match self {
            Self::Azure(azure) => Self::Azure(azure.with_key(key)),
            Self::S3(bucket) => Self::S3(bucket.with_key(key)),
            Self::Gcs(bucket) => Self::Gcs(bucket.with_key(key)),
            Self::File(path) if self.is_folder() => Self::File(path.join(key)),
            Self::File(path) => Self::File(path.with_file_name(key)),
        })
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

impl FromStr for Address {
    type Err = Error;

    /// # Errors
    /// `Invalid`, with a hint. What was written is not repeated beyond its scheme: it may hold a signature.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.len() > MAX_ADDRESS || text.contains(char::is_control) {
            return Err(
                invalid("the address of a store is empty, too long, or not in one line")
                    .hinting(FORMS),
            );
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "az" | "azure" => azure::from_short(rest).map(Self::Azure),
            "https" | "http" => azure::from_url(text).map(Self::Azure),
            "s3" => bucket::parse("s3", rest).map(Self::S3),
            "gs" => bucket::parse("gs", rest).map(Self::Gcs),
            "file" => file(text).map(Self::File),
            other => {
                Err(invalid(format!("no store has addresses in {other:.16}://")).hinting(FORMS))
            }
        }
    }
}

/// What addresses look like.
const FORMS: &str = "write az://ACCOUNT/CONTAINER/KEY, an https URL of a blob with its SAS, s3://BUCKET/KEY, gs://BUCKET/KEY, \
                     file:///PATH, or a path";

fn file(text: &str) -> Result<PathBuf, Error> {
    let url = url::Url::parse(text).map_err(|cause| {
        invalid("the address is no file URL")
            .because(cause)
            .hinting(FORMS)
    })?;
    url.to_file_path().map_err(|()| {
        invalid("the address names a file of another host")
            .hinting("write file:///PATH, with three slashes")
    })
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

impl fmt::Display for Address {
    /// Without any signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Azure(azure) => azure.fmt(f),
            Self::S3(bucket) => write!(f, "s3://{bucket}"),
            Self::Gcs(bucket) => write!(f, "gs://{bucket}"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
