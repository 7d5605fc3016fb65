//! What is left of a pull quota (Docker Hub): `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 76;w=21600`.

use std::time::Duration;

use http::HeaderMap;

/// A host's pull quota as it last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Pulls in a whole window.
    pub limit: u64,
    /// Pulls left in it.
    pub remaining: u64,
    /// How long a window is, where the host says.
    pub window: Option<Duration>,
}

impl Quota {
    /// Reads it from an answer's headers.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let (remaining, window) = parse(headers.get("ratelimit-remaining")?.to_str().ok()?)?;
        let (limit, window_of_limit) = parse(headers.get("ratelimit-limit")?.to_str().ok()?)?;
        Some(Self {
            limit,
            remaining,
            window: window.or(window_of_limit),
        })
    }
}

fn parse(text: &str) -> Option<(u64, Option<Duration>)> {
    let mut parts = text.split(';').map(str::trim);
    let count = parts.next()?.parse().ok()?;
    let window = parts
        .find_map(|part| part.strip_prefix("w=")?.parse().ok())
        .map(Duration::from_secs);
    Some((count, window))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;

    use super::Quota;

    fn read(limit: &str, remaining: &str) -> Option<Quota> {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-limit", limit.parse().unwrap());
        headers.insert("ratelimit-remaining", remaining.parse().unwrap());
        Quota::read(&headers)
    }

    #[test]
    fn reads_what_docker_hub_says() {
        let window = Some(Duration::from_hours(6));
        let expected = Quota {
            limit: 100,
            remaining: 76,
            window,
        };
        assert_eq!(read("100;w=21600", "76;w=21600"), Some(expected));
    }

    #[test]
    fn what_is_no_number_is_no_quota() {
        assert_eq!(read("many", "76"), None);
        assert_eq!(read("100", "-1"), None);
        let expected = Quota {
            limit: 9,
            remaining: 3,
            window: None,
        };
        assert_eq!(read("9;w=x", "3;;"), Some(expected));
    }
}
