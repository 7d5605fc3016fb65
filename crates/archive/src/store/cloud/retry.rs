//! Second tries: which answers deserve one, and after how long.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header};
use tokio::time::{Instant, sleep};
use transship_oci::{Error, Result, Retry as Again};

use super::{Answer, CloudSettings};

/// Longer pauses than this are read as this: sums of times stay in range.
const MAX_ASKED: Duration = Duration::from_hours(24);

/// How much trouble a request is worth.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How often it is sent at most.
    pub attempts: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first: Duration,
    /// No pause of our own choosing is longer.
    pub longest: Duration,
    /// All pauses of one request together, those that the store asks for included.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 8,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(20),
            total: Duration::from_mins(5),
        }
    }
}

/// That something is to be tried again.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) wait: Duration,
    /// Did the store ask for it?
    pub(super) asked: bool,
    pub(super) reason: String,
}

/// Whether the outcome of the `attempt`-th try deserves another.
pub(super) fn judge(
    outcome: &Result<Answer>,
    attempt: u32,
    settings: &CloudSettings,
) -> Option<Verdict> {
    let own = || {
        let patience = &settings.patience;
        let doubled = patience
            .first
            .saturating_mul(2_u32.saturating_pow(attempt - 1));
        doubled.min(patience.longest)
    };
    match outcome {
        Err(error) => worth_it(error).then(|| Verdict {
            wait: own(),
            asked: false,
            reason: error.message().to_owned(),
        }),
        Ok(answer) => transient(answer.status()).then(|| {
            let asked = after(answer.headers(), settings.clock.now());
            Verdict {
                wait: asked.unwrap_or_else(own),
                asked: asked.is_some(),
                reason: answer.status().to_string(),
            }
        }),
    }
}

fn worth_it(error: &Error) -> bool {
    error.retry() != Again::No
}

fn transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is taken relative to the answer's own.
fn after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)).min(MAX_ASKED));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let now = headers
        .get(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or(now);
    Some(at.duration_since(now).unwrap_or_default().min(MAX_ASKED))
}

/// Until when a store wants to be left alone.
#[derive(Debug, Default)]
pub(super) struct Hold(Mutex<Option<Instant>>);

impl Hold {
    pub(super) fn set(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut hold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *hold = (*hold).max(Some(until));
    }

    /// Waits until the hold is over; returns how long that took.
    pub(super) async fn wait(&self) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        });
        if !wait.is_zero() {
            sleep(wait).await;
        }
        wait
    }
}

#[cfg(test)]
mod tests;
