//! Room at one host: how much at once, when again, and what is left of a quota.

mod lane;
mod limit;
mod quota;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use http::HeaderMap;
use tokio::time::{Instant, sleep_until};
use transship_oci::{Budget, Event, Observer, Permit};

use self::{lane::Lane, limit::Limit};
pub(super) use self::{lane::Place, limit::Kind};
pub use quota::Quota;

/// Blob transfers that may always go on at once, as long as the host does not complain: the few answers of large
/// blobs say nothing about its strength.
const MIN_TRANSFERS: usize = 6;
/// The most that a pause is stretched, so that not everybody comes back in the same instant.
const MAX_JITTER: Duration = Duration::from_secs(1);

/// The room that one host gives. Transfers of blobs and short requests wait in lanes of their own, each as long as the
/// limit: a question never waits for a layer.
#[derive(Debug)]
pub(crate) struct HostBudget {
    key: String,
    observer: Arc<dyn Observer>,
    max_wait: Duration,
    max: usize,
    transfers: Arc<Lane>,
    requests: Arc<Lane>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: Limit,
    hold: Option<Instant>,
    quota: Option<Quota>,
}

/// The host wants more patience than there is: so much longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong(pub(super) Duration);

impl HostBudget {
    pub(super) fn new(
        key: &str,
        max: usize,
        max_wait: Duration,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let limit = Limit::new(max);
        Self {
            key: key.to_owned(),
            observer,
            max_wait,
            max: max.max(1),
            transfers: Arc::new(Lane::new(transfers(&limit, max.max(1)))),
            requests: Arc::new(Lane::new(limit.now())),
            state: Mutex::new(State {
                limit,
                hold: None,
                quota: None,
            }),
        }
    }

    /// The pull quota, where the host tells of one.
    pub(crate) fn quota(&self) -> Option<Quota> {
        self.lock().quota
    }

    /// Nobody may ask this host for anything within `wait`. Holds add up to the longest.
    pub(super) fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.lock();
        if state.hold.is_none_or(|hold| hold < until) {
            state.hold = Some(until);
            drop(state);
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            self.observer.on(&Event::Held {
                host: self.key.clone(),
                wait_ms,
            });
        }
    }

    /// Waits for the end of a hold, as long as `patience` lasts; what was waited is taken from it.
    pub(super) async fn wait(&self, patience: &mut Duration) -> Result<(), TooLong> {
        while let Some(until) = self.held() {
            let now = Instant::now();
            let left = until.saturating_duration_since(now);
            if left > *patience {
                return Err(TooLong(left));
            }
            sleep_until(until + jitter(left)).await;
            *patience = patience.saturating_sub(now.elapsed());
        }
        Ok(())
    }

    /// Waits for the end of a hold and takes a place for a short request.
    pub(super) async fn enter(&self, patience: &mut Duration) -> Result<Place, TooLong> {
        loop {
            self.wait(patience).await?;
            let (place, full) = self.requests.take().await;
            if full {
                self.lock().limit.fill();
            }
            if self.held().is_none() {
                return Ok(place);
            }
        }
    }

    /// Counts the times that the host said "too many"; see [`HostBudget::strained`].
    pub(super) fn epoch(&self) -> u64 {
        self.lock().limit.epoch()
    }

    /// The host said "too many" to a request that began in `epoch`.
    pub(super) fn strained(&self, epoch: u64) {
        let mut state = self.lock();
        state.limit.cut(epoch);
        self.resize(&state);
    }

    /// Takes note of how fast an answer came.
    pub(super) fn answered(&self, kind: Kind, latency: Duration) {
        let mut state = self.lock();
        let before = state.limit.now();
        state.limit.observe(kind, latency);
        if state.limit.now() != before {
            self.resize(&state);
        }
    }

    /// Takes note of what an answer's headers say of a quota.
    pub(super) fn note_quota(&self, headers: &HeaderMap) {
        let Some(quota) = Quota::read(headers) else {
            return;
        };
        let changed = self.lock().quota.replace(quota) != Some(quota);
        if changed {
            self.observer.on(&Event::Quota {
                host: self.key.clone(),
                remaining: quota.remaining,
                limit: quota.limit,
            });
        }
    }

    fn held(&self) -> Option<Instant> {
        let mut state = self.lock();
        if state.hold.is_some_and(|until| until <= Instant::now()) {
            state.hold = None;
        }
        state.hold
    }

    fn resize(&self, state: &State) {
        tracing::debug!(host = %self.key, limit = state.limit.now(), "limit changed");
        self.requests.resize(state.limit.now());
        self.transfers.resize(transfers(&state.limit, self.max));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budget for HostBudget {
    fn key(&self) -> &str {
        &self.key
    }

    fn acquire(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async {
            let (place, full) = self.transfers.take().await;
            if full {
                self.lock().limit.fill();
            }
            // When the host wants more patience than there is, the transfer's first request says so.
            let mut patience = self.max_wait;
            let _ = self.wait(&mut patience).await;
            Permit::holding(place)
        })
    }
}

fn transfers(limit: &Limit, max: usize) -> usize {
    if limit.strained() {
        limit.now()
    } else {
        limit.now().max(MIN_TRANSFERS.min(max))
    }
}

/// Up to a tenth of `wait`.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(rand::random_range(0.0..0.1)).min(MAX_JITTER)
}

#[cfg(test)]
mod tests;
