//! What an outcome means for another try.

use std::time::{Duration, SystemTime};

use transship_oci::{ErrorKind, Result, Retry};

use super::{FIRST_PAUSE, MAX_PAUSE, after};
use crate::transport::Answer;

/// How often a request that a server fails with 500 is sent: some registries answer so to what they do not
/// like, and will not like it better later.
const ATTEMPTS_ON_500: u32 = 3;

/// Try again.
#[derive(Debug)]
pub(super) struct Verdict {
    /// When.
    pub(super) wait: Duration,
    /// Does everybody have to wait?
    pub(super) hold: bool,
    /// Why, in a few words.
    pub(super) reason: String,
    /// How many attempts this outcome is worth.
    pub(super) attempts: u32,
}

/// Judges the outcome of attempt number `attempt`. `None`: it stands as it is.
pub(super) fn judge(
    outcome: &Result<super::Answer>,
    attempt: u32,
    now: SystemTime,
) -> Option<Verdict> {
    match outcome {
        Ok(answer) => judge_answer(answer, attempt, now),
        Err(error) if error.kind() == ErrorKind::Unavailable && error.retry() != Retry::No => {
            Some(Verdict {
                wait: pause(attempt),
                hold: false,
                reason: error.message().to_owned(),
                attempts: u32::MAX,
            })
        }
        Err(_) => None,
    }
}

fn judge_answer(answer: &Answer, attempt: u32, now: SystemTime) -> Option<Verdict> {
    let status = answer.status();
    if !matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) {
        return None;
    }
    let asked = after::read(answer.headers(), now);
    // "At once" would be a busy loop.
    let wait = asked.map_or_else(|| pause(attempt), |wait| wait.max(FIRST_PAUSE / 2));
    Some(Verdict {
        wait,
        hold: status == 429 || asked.is_some(),
        reason: status.to_string(),
        attempts: if status == 500 {
            ATTEMPTS_ON_500
        } else {
            u32::MAX
        },
    })
}

/// Our own choice of a pause: twice as long each time, and a random half of it left out, so that those who failed
/// together do not come back together.
fn pause(attempt: u32) -> Duration {
    let full = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
        .min(MAX_PAUSE);
    full.mul_f64(rand::random_range(0.5..=1.0))
}
