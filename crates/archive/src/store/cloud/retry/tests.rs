use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tokio::time::Instant;

use super::{Hold, after};

fn read(value: &str, date: Option<&str>) -> Option<u64> {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", value.parse().ok()?);
    if let Some(date) = date {
        headers.insert("date", date.parse().unwrap());
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    after(&headers, now).map(|wait| wait.as_secs())
}

#[test]
fn reads_seconds_and_dates() {
    assert_eq!(read("0", None), Some(0));
    assert_eq!(read(" 120 ", None), Some(120));
    assert_eq!(read("99999999999999999999999", None), Some(24 * 3600));
    assert_eq!(read("Sun, 06 Nov 1994 08:49:57 GMT", None), Some(20));
    assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT", None), Some(0));
    let slow = Some("Sun, 06 Nov 1994 07:00:00 GMT");
    assert_eq!(read("Sun, 06 Nov 1994 07:00:30 GMT", slow), Some(30));
    for value in ["", "-1", "1.5", "soon"] {
        assert_eq!(read(value, None), None, "{value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_for_everybody_and_ends() {
    let hold = Hold::default();
    assert_eq!(hold.wait().await, Duration::ZERO);
    hold.set(Duration::from_secs(7));
    hold.set(Duration::from_secs(3));
    let start = Instant::now();
    assert_eq!(hold.wait().await, Duration::from_secs(7));
    assert_eq!(start.elapsed(), Duration::from_secs(7));
    assert_eq!(hold.wait().await, Duration::ZERO);
}
