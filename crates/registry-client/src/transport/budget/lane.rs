//! Places in a row whose number changes while they are in use.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// First come, first served.
#[derive(Debug)]
pub(super) struct Lane {
    semaphore: Arc<Semaphore>,
    size: AtomicUsize,
    /// Places that must vanish when they are given back.
    debt: AtomicUsize,
}

/// A place taken.
#[derive(Debug)]
pub(in crate::transport) struct Place {
    lane: Arc<Lane>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lane {
    pub(super) fn new(size: usize) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(size)),
            size: AtomicUsize::new(size),
            debt: AtomicUsize::new(0),
        }
    }

    /// Takes a place; says whether it was the last one, or had to be waited for.
    pub(super) async fn take(self: &Arc<Self>) -> (Place, bool) {
        let full = self.semaphore.available_permits() <= 1;
        // The semaphore is never closed.
        let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok();
        let lane = Arc::clone(self);
        (Place { lane, permit }, full)
    }

    /// Makes it `size` places. Called under the lock of the limit, never twice at once.
    pub(super) fn resize(&self, size: usize) {
        let before = self.size.swap(size, Ordering::SeqCst);
        if size > before {
            let mut more = size - before;
            // Places that were to vanish stay instead.
            while more > 0 && self.forgive() {
                more -= 1;
            }
            self.semaphore.add_permits(more);
        } else {
            let less = before - size;
            let gone = self.semaphore.forget_permits(less);
            self.debt.fetch_add(less - gone, Ordering::SeqCst);
        }
    }

    fn forgive(&self) -> bool {
        self.debt
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |debt| {
                debt.checked_sub(1)
            })
            .is_ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.lane.forgive()
        {
            permit.forget();
        }
    }
}
