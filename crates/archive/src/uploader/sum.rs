//! The checksum of the whole, worked out beside the sending.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use md5::{
    Digest as _, Md5,
    digest::common::hazmat::{SerializableState, SerializedState},
};
use tokio::{sync::oneshot, task::JoinHandle};
use transship_oci::{Error, ErrorKind, Result};

/// A running MD5 whose state can be put down and taken up again.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum(Md5);

impl Sum {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 16] {
        self.0.finalize().into()
    }

    /// The state, for a journal.
    pub(super) fn save(&self) -> String {
        BASE64_STANDARD.encode(self.0.serialize())
    }

    /// Takes up a saved state; `None` when it is not one.
    pub(super) fn restore(saved: &str) -> Option<Self> {
        let raw = BASE64_STANDARD.decode(saved).ok()?;
        let state = SerializedState::<Md5>::try_from(raw.as_slice()).ok()?;
        Md5::deserialize(&state).ok().map(Self)
    }
}

/// Sums parts one after the other on a thread of their own, so that the bytes of the next can come in meanwhile.
#[derive(Debug)]
pub(super) enum Chain {
    /// Nothing is being summed.
    Idle(Sum),
    /// One part is.
    Busy(JoinHandle<Sum>),
}

impl Chain {
    /// Adds a part, when the one before it is done. The receiver gets the sum up to its end.
    pub(super) async fn add(&mut self, bytes: Bytes) -> Result<oneshot::Receiver<Sum>> {
        let mut sum = self.wait().await?;
        let (tell, told) = oneshot::channel();
        *self = Self::Busy(tokio::task::spawn_blocking(move || {
            sum.update(&bytes);
            // Whoever is told uses the memory again.
            drop(bytes);
            // Nobody listens any more when the upload was dropped.
            let _ = tell.send(sum.clone());
            sum
        }));
        Ok(told)
    }

    /// The sum of all that was added.
    pub(super) async fn wait(&mut self) -> Result<Sum> {
        let sum = match self {
            Self::Idle(sum) => std::mem::take(sum),
            Self::Busy(work) => work.await.map_err(|cause| {
                Error::new(ErrorKind::Internal, "the checksum of an upload was lost").because(cause)
            })?,
        };
        *self = Self::Idle(sum.clone());
        Ok(sum)
    }
}

#[cfg(test)]
mod tests;
