//! Second tries: when, how often, and who else has to wait.

mod after;
mod verdict;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Method, StatusCode};
use tokio::time::{Instant, sleep};
use transship_oci::{Clock, Error, ErrorKind, Event, Observer, Result, Retry as Again};

pub(crate) use self::after::date;
use self::verdict::{Verdict, judge};
use super::{
    Answer, HostBudget, Room,
    budget::{Kind, Place, TooLong},
    exchange::{Carry, Exchange},
};

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause of our own choosing is longer.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Bodies up to this size tell by their latency how busy a host is; larger ones tell how long the wire is.
const MAX_SAMPLE: u64 = 64 * 1024;

/// How often a host that has never answered is tried: more likely its name is wrong than that it is starting just now.
const ATTEMPTS_ON_A_STRANGER: u32 = 3;

/// How much trouble one call is worth.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) max_wait: Duration,
    pub(super) max_attempts: u32,
}

/// Tries again what may succeed later.
///
/// A host that asks for patience (429, or 503 with `Retry-After`) is left alone by everybody: the hold is the host's, not
/// the call's. What the caller alone can send again (a stream) comes back to him as it is.
#[derive(Debug)]
pub(super) struct Retry {
    pub(super) inner: Arc<dyn Carry>,
    pub(super) budget: Arc<HostBudget>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) host: String,
    pub(super) limits: Limits,
    /// Has the host answered anything yet?
    pub(super) met: AtomicBool,
}

impl Retry {
    async fn persist(&self, exchange: &Exchange) -> Result<Answer> {
        let mut patience = self.limits.max_wait;
        let mut attempt = 1;
        loop {
            let place = self
                .admit(exchange, &mut patience)
                .await
                .map_err(|TooLong(wait)| exchange.label.name(self.too_long(wait)))?;
            let outcome = self.attempt(exchange).await;
            // The place is for the question. One that were kept for the answer's body would have callers who ask a second
            // thing before they drop the first answer wait for themselves.
            drop(place);
            let Some(verdict) = judge(&outcome, attempt, self.clock.now()) else {
                return outcome;
            };
            let Verdict { wait, hold, .. } = verdict;
            if hold {
                self.budget.hold(wait);
            }
            let last = attempt >= self.attempts(&outcome, &verdict);
            if !exchange.repeatable() {
                return outcome;
            }
            if last || wait > patience {
                return Err(give_up(outcome, wait, hold, attempt).await);
            }
            drop(outcome);
            attempt += 1;
            self.tell(attempt, wait, verdict.reason);
            if !hold {
                patience -= wait;
                sleep(wait).await;
            }
        }
    }

    /// How many attempts an outcome is worth.
    fn attempts(&self, outcome: &Result<Answer>, verdict: &Verdict) -> u32 {
        let most = verdict.attempts.min(self.limits.max_attempts);
        if outcome.is_err() && !self.met.load(Relaxed) {
            return most.min(ATTEMPTS_ON_A_STRANGER);
        }
        most
    }

    /// Waits for a hold to end, and for a place where the caller has none.
    async fn admit(
        &self,
        exchange: &Exchange,
        patience: &mut Duration,
    ) -> Result<Option<Place>, TooLong> {
        match exchange.room {
            Room::Own => self.budget.enter(patience).await.map(Some),
            Room::Held => self.budget.wait(patience).await.map(|()| None),
        }
    }

    /// Sends it once, and lets the budget know how that went.
    async fn attempt(&self, exchange: &Exchange) -> Result<Answer> {
        let epoch = self.budget.epoch();
        let start = Instant::now();
        let outcome = self.inner.carry(exchange).await;
        if let Ok(answer) = &outcome {
            self.met.store(true, Relaxed);
            match answer.status() {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    self.budget.strained(epoch);
                }
                status if !status.is_server_error() && exchange.payload.length() <= MAX_SAMPLE => {
                    self.budget
                        .answered(kind(&exchange.method), start.elapsed());
                }
                _ => {}
            }
            self.budget.note_quota(answer.headers());
        }
        outcome
    }

    fn tell(&self, attempt: u32, wait: Duration, reason: String) {
        self.observer.on(&Event::Retry {
            host: self.host.clone(),
            attempt,
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            reason,
        });
    }

    fn too_long(&self, wait: Duration) -> Error {
        let message = format!(
            "the registry asks to wait {}, longer than the {} allowed",
            seconds(wait),
            seconds(self.limits.max_wait)
        );
        Error::new(ErrorKind::RateLimited, message).retrying(Again::After(wait))
    }
}

impl Carry for Retry {
    fn carry<'a>(&'a self, exchange: &'a Exchange) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(self.persist(exchange))
    }
}

/// The last outcome as an error that says how long it was tried, and when to come back.
async fn give_up(outcome: Result<Answer>, wait: Duration, asked: bool, attempts: u32) -> Error {
    let error = match outcome {
        Err(error) => error,
        Ok(answer) => {
            let label = Arc::clone(answer.label());
            let error = answer.into_error().await;
            let mut message = error.message().to_owned();
            if asked {
                message.push_str("; it asks to wait ");
                message.push_str(&seconds(wait));
            }
            let tries = if attempts == 1 { "attempt" } else { "attempts" };
            label.error(
                error.kind(),
                format!("{message}; gave up after {attempts} {tries}"),
            )
        }
    };
    match error.kind() {
        _ if asked => error.retrying(Again::After(wait)),
        ErrorKind::Unavailable | ErrorKind::RateLimited => error.retrying(Again::Now),
        _ => error,
    }
}

fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_millis().div_ceil(1000))
}

fn kind(method: &Method) -> Kind {
    match method.as_str() {
        "HEAD" => Kind::Head,
        "GET" => Kind::Get,
        "POST" => Kind::Post,
        "PUT" => Kind::Put,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests;
