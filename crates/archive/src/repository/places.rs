//! Where blobs lie.

use std::fmt::Debug;

use async_trait::async_trait;
use transship_oci::{ByteStream, Descriptor, Digest, Result};

/// The blobs of an archive.
#[async_trait]
pub(crate) trait Places: Debug + Send + Sync {
    /// The archive, for people.
    fn at(&self) -> &str;

    /// Is it known, and left out because the target is said to have it?
    fn lacks(&self, node: &Digest) -> bool;

    /// The bytes of a blob from an offset on, which is at most its size.
    ///
    /// # Errors
    /// `NotFound` for what is not here, saying why where that is known.
    async fn open(&self, blob: &Descriptor, from: u64) -> Result<ByteStream>;
}
