use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tokio::time::Instant;
use transship_oci::{Budget as _, Unobserved};

use super::{HostBudget, Kind, Quota};

fn budget(max: usize) -> HostBudget {
    HostBudget::new("host", max, Duration::from_mins(1), Arc::new(Unobserved))
}

#[tokio::test(start_paused = true)]
async fn transfers_are_as_many_as_the_limit_allows() {
    let budget = budget(64);
    let mut held = Vec::new();
    for _ in 0..super::MIN_TRANSFERS {
        held.push(budget.acquire().await);
    }
    let mut next = budget.acquire();
    assert!(futures::poll!(&mut next).is_pending());
    held.pop();
    assert!(futures::poll!(&mut next).is_ready());
}

#[tokio::test(start_paused = true)]
async fn questions_do_not_wait_for_transfers() {
    let budget = budget(1);
    let _transfer = budget.acquire().await;
    let mut patience = Duration::ZERO;
    assert!(budget.enter(&mut patience).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_smaller_limit_takes_places_away_as_they_come_back() {
    let budget = budget(64);
    let mut held = Vec::new();
    for _ in 0..super::MIN_TRANSFERS {
        held.push(budget.acquire().await);
    }
    // From 4 to 2; six are out.
    budget.strained(budget.epoch());
    for left in (0..4).rev() {
        held.pop();
        let mut next = budget.acquire();
        assert!(
            futures::poll!(&mut next).is_pending(),
            "{left} too many were out"
        );
    }
    held.pop();
    assert!(futures::poll!(&mut budget.acquire()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_larger_limit_lets_those_in_who_wait() {
    let budget = budget(64);
    let mut patience = Duration::ZERO;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(budget.enter(&mut patience).await.unwrap());
    }
    let mut patience = Duration::ZERO;
    let mut next = Box::pin(budget.enter(&mut patience));
    assert!(futures::poll!(&mut next).is_pending());
    // The first window says what is normal; the limit then doubles.
    for _ in 0..super::limit::MIN_WINDOW {
        budget.answered(Kind::Head, Duration::from_millis(20));
    }
    assert!(futures::poll!(&mut next).is_ready());
}

#[tokio::test(start_paused = true)]
async fn holds_add_up_to_the_longest() {
    let budget = budget(64);
    budget.hold(Duration::from_secs(20));
    budget.hold(Duration::from_secs(5));
    let start = Instant::now();
    let mut patience = Duration::from_secs(30);
    budget.wait(&mut patience).await.unwrap();
    let waited = start.elapsed();
    assert!(
        (Duration::from_secs(20)..Duration::from_secs(22)).contains(&waited),
        "{waited:?}"
    );
    assert!(patience <= Duration::from_secs(10));
    let mut none = Duration::ZERO;
    assert!(budget.wait(&mut none).await.is_ok(), "it is over");
}

#[test]
fn quotas_are_remembered() {
    let budget = budget(1);
    let mut headers = HeaderMap::new();
    budget.note_quota(&headers);
    assert_eq!(budget.quota(), None);
    headers.insert("ratelimit-limit", "100;w=21600".parse().unwrap());
    headers.insert("ratelimit-remaining", "42;w=21600".parse().unwrap());
    budget.note_quota(&headers);
    let window = Some(Duration::from_hours(6));
    assert_eq!(
        budget.quota(),
        Some(Quota {
            limit: 100,
            remaining: 42,
            window
        })
    );
}
