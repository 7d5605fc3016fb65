//! Two clocks: a token that is not valid yet, or no longer, is often a clock that is wrong.

use std::time::SystemTime;

/// How far a registry's clock is ahead of ours, in seconds; negative when it is behind. `date` is what it said
/// ([`crate::Ping::date`]), to the second, so that a difference of one or two says nothing.
pub fn clock_skew(date: SystemTime, now: SystemTime) -> i64 {
    let seconds =
        |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match date.duration_since(now) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn ahead_is_positive_and_behind_negative() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(clock_skew(at(100), at(40)), 60);
        assert_eq!(clock_skew(at(40), at(100)), -60);
        assert_eq!(clock_skew(at(40), at(40)), 0);
    }
}
