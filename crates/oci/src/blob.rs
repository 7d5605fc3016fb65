//! A blob is something that opens at an offset.
//!
//! That one idea gives source resume, replay of an upload after 401 or 429, resume after a crash, and import by range.

use std::{pin::Pin, sync::Mutex};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, future::BoxFuture, stream};

use crate::{Descriptor, Error, ErrorKind, HashState, Hasher, Result};

/// Bytes as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Content of known digest and size that can be read from any offset, any number of times.
pub trait Blob: Send + Sync {
    /// What it is.
    fn descriptor(&self) -> &Descriptor;

    /// Opens it at `from`, which is at most its size.
    ///
    /// Whoever reads to the end has read verified bytes: a blob that covers all of its own bytes yields an error in
    /// place of the last piece when they do not hash to the digest.
    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>>;

    /// The hash over the bytes read so far without a gap, for a journal.
    fn hash_state(&self) -> Option<HashState> {
        None
    }

    /// Takes up a hash that another process saved. Returns the offset that it covers, 0 when it is of no use here.
    fn restore(&self, state: &HashState) -> u64 {
        let _ = state;
        0
    }
}

/// A blob in memory.
#[derive(Debug, Clone)]
pub struct MemoryBlob {
    descriptor: Descriptor,
    bytes: Bytes,
}

impl MemoryBlob {
    /// A blob of `bytes`, which are taken to be what `descriptor` says.
    pub fn new(descriptor: Descriptor, bytes: Bytes) -> Self {
        Self { descriptor, bytes }
    }
}

impl Blob for MemoryBlob {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        let from = usize::try_from(from)
            .unwrap_or(usize::MAX)
            .min(self.bytes.len());
        let bytes = self.bytes.slice(from..);
        Box::pin(async move { Ok(stream::iter([Ok(bytes)]).boxed()) })
    }
}

/// Follows the bytes of one blob through any number of readings and hashes each byte once.
///
/// Bytes at an offset already hashed are passed without a second look; a reading that starts beyond what was hashed
/// leaves a gap, and its bytes then pass unhashed (the registry hashes them again before it commits).
#[derive(Debug)]
pub struct Verifier {
    descriptor: Descriptor,
    progress: Mutex<Hasher>,
}

impl Verifier {
    /// A verifier for what `descriptor` promises.
    pub fn new(descriptor: Descriptor) -> Self {
        let progress = Mutex::new(Hasher::new(descriptor.digest.algorithm()));
        Self {
            descriptor,
            progress,
        }
    }

    /// What the bytes must be.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The hash so far.
    pub fn state(&self) -> HashState {
        self.lock().save()
    }

    /// Takes up a saved hash if it covers more than is known already; returns the offset covered now.
    pub fn restore(&self, state: &HashState) -> u64 {
        let mut progress = self.lock();
        if state.length > progress.length()
            && state.length <= self.descriptor.size
            && let Some(saved) = Hasher::restore(state)
        {
            *progress = saved;
        }
        progress.length()
    }

    /// Takes in `bytes`, read at `offset`.
    ///
    /// # Errors
    /// `DigestMismatch` when there is more than was promised, or when the end is reached and the digest differs.
    pub fn pass(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset + bytes.len() as u64;
        let size = self.descriptor.size;
        if end > size {
            return Err(self.mismatch(&format!("more than the {size} bytes promised")));
        }
        let mut progress = self.lock();
        let known = progress.length();
        if offset <= known && end > known {
            let skip = usize::try_from(known - offset).unwrap_or(usize::MAX);
            progress.update(&bytes[skip..]);
        }
        if end == size && progress.length() == size {
            let found = progress.clone().finish();
            if found != self.descriptor.digest {
                return Err(self.mismatch(&format!("bytes that hash to {found}")));
            }
        }
        Ok(())
    }

    /// Checks that a reading that ended at `offset` ended where it should.
    ///
    /// # Errors
    /// `Unavailable`, to be tried again, when bytes are missing.
    pub fn ended(&self, offset: u64) -> Result<()> {
        if offset == self.descriptor.size {
            // An empty blob never passes a byte.
            return if offset == 0 {
                self.pass(0, &[])
            } else {
                Ok(())
            };
        }
        let size = self.descriptor.size;
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "blob {} ended after {offset} of {size} bytes",
                self.descriptor.digest
            ),
        ))
    }

    fn mismatch(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::DigestMismatch,
            format!("blob {} came with {what}", self.descriptor.digest),
        )
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Hasher> {
        self.progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
