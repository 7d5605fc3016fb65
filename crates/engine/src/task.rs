//! Tasks that end with whoever started them.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::task::JoinHandle;
use transship_oci::{Error, ErrorKind, Result};

/// A spawned future that is aborted when its handle is dropped, so that dropping a run drops all of it.
///
/// Spawned at all so that the hashing of several blobs can use several processors.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_err(|cause| {
            if cause.is_panic() {
                Error::new(ErrorKind::Internal, "a task of the copy broke down").because(cause)
            } else {
                Error::new(ErrorKind::Cancelled, "the copy was stopped")
            }
        })
    }
}
