//! A door at which a request waits until it is let through.

use tokio::sync::watch;

/// Where requests wait. Clones are the same door.
#[derive(Debug, Clone)]
pub struct Hold {
    arrived: watch::Sender<u64>,
    open: watch::Sender<bool>,
}

impl Hold {
    /// A closed door.
    pub fn new() -> Self {
        Self {
            arrived: watch::Sender::new(0),
            open: watch::Sender::new(false),
        }
    }

    /// Waits until a request stands before it.
    pub async fn arrived(&self) {
        self.count(1).await;
    }

    /// Waits until `count` requests have come to it.
    pub async fn count(&self, count: u64) {
        let _ = self
            .arrived
            .subscribe()
            .wait_for(|seen| *seen >= count)
            .await;
    }

    /// Lets everybody through, now and later.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// Comes to the door and waits.
    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|count| *count += 1);
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Hold {
    fn default() -> Self {
        Self::new()
    }
}
