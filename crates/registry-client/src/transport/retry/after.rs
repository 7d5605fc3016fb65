//! `Retry-After` (RFC 9110 section 10.2.3): a number of seconds, or a date.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

/// Longer pauses than this are read as this: nobody waits so long, and sums of times stay in range.
const MAX: Duration = Duration::from_hours(30 * 24);

/// How long the answer asks to wait. A date is taken relative to the answer's own `Date`, since clocks differ, or to
/// `now` where it has none; one that has passed is no wait at all.
pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a long time, too.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(MAX));
    }
    let at = date(text)?;
    let now = headers
        .get(header::DATE)
        .and_then(|value| date(value.to_str().ok()?))
        .unwrap_or(now);
    Some(at.duration_since(now).unwrap_or_default().min(MAX))
}

/// An HTTP date, in the form that servers must write (`Sun, 06 Nov 1994 08:49:37 GMT`).
pub(crate) fn date(text: &str) -> Option<SystemTime> {
    if text.len() > 64 {
        return None;
    }
    let timestamp = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    timestamp.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::HeaderMap;
    use proptest::prelude::*;

    use super::read;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn after(value: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", value.parse().ok()?);
        if let Some(date) = date {
            headers.insert("date", date.parse().unwrap());
        }
        read(&headers, at(784_111_777)).map(|wait| wait.as_secs())
    }

    #[test]
    fn reads_seconds() {
        assert_eq!(after("0", None), Some(0));
        assert_eq!(after(" 120 ", None), Some(120));
        assert_eq!(after("99999999999999999999999", None), Some(30 * 24 * 3600));
    }

    #[test]
    fn reads_dates() {
        assert_eq!(after("Sun, 06 Nov 1994 08:49:57 GMT", None), Some(20));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:00 GMT", None), Some(0));
    }

    #[test]
    fn a_date_is_relative_to_the_servers_own_clock() {
        let slow = Some("Sun, 06 Nov 1994 07:00:00 GMT");
        assert_eq!(after("Sun, 06 Nov 1994 07:00:30 GMT", slow), Some(30));
    }

    #[test]
    fn anything_else_is_not_there() {
        for value in ["", "-1", "1.5", "soon", "1 s"] {
            assert_eq!(after(value, None), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_a_fault(value in "[ -~]{0,80}") {
            let _ = after(&value, None);
        }
    }
}
