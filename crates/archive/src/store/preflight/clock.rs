//! Whether the store and this machine have the same time.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use super::{Check, Topic};

/// More than this is worth a word.
const WORTH_A_WORD: Duration = Duration::from_mins(2);
/// Azure and S3 refuse signatures that are older or newer.
const REFUSED: Duration = Duration::from_mins(15);

/// Compares the answer's `Date` with `now`.
pub(in crate::store) fn skew(headers: &HeaderMap, now: SystemTime) -> Option<Check> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?;
    let (off, word) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    if off < WORTH_A_WORD {
        return Some(Check::good(Topic::Clock, "the store has the same time"));
    }
    let says = format!(
        "this machine's clock is {} s {word} the store's",
        off.as_secs()
    );
    let check = if off < REFUSED {
        Check::doubtful(Topic::Clock, says)
    } else {
        Check::bad(Topic::Clock, says)
    };
    Some(check.hinting("set this machine's clock: signatures and the times in a SAS depend on it"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::HeaderMap;

    use super::{super::State, skew};

    #[test]
    fn clocks_may_differ_a_little() {
        let mut headers = HeaderMap::new();
        assert_eq!(skew(&headers, SystemTime::UNIX_EPOCH), None);
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (now, state, says) in [
            (784_111_777, State::Good, "the store has the same time"),
            (
                784_111_777 + 200,
                State::Doubtful,
                "this machine's clock is 200 s ahead of the store's",
            ),
            (
                784_111_777 - 3600,
                State::Bad,
                "this machine's clock is 3600 s behind the store's",
            ),
        ] {
            let check = skew(&headers, at(now)).unwrap();
            assert_eq!((check.state, check.says.as_str()), (state, says));
        }
    }
}
