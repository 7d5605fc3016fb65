//! Room at one host.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use transship_oci::{Budget, Permit};

/// The room that one host gives.
#[derive(Debug)]
pub(crate) struct HostBudget {
    key: String,
    transfers: Arc<Semaphore>,
}

impl HostBudget {
    pub(crate) fn new(key: &str, max: usize) -> Self {
        Self {
            key: key.to_owned(),
            transfers: Arc::new(Semaphore::new(max)),
        }
    }
}

impl Budget for HostBudget {
    fn key(&self) -> &str {
        &self.key
    }

    fn acquire(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async {
            Arc::clone(&self.transfers)
                .acquire_owned()
                .await
                .map_or_else(|_| Permit::unlimited(), Permit::holding)
        })
    }
}
