use std::time::Duration;

use super::{Kind, Limit};

const RTT: f64 = 0.020;

/// Runs `rounds` rounds: as many requests as the limit allows at once, each as slow as `latency` says of that number.
fn run(limit: &mut Limit, rounds: usize, latency: impl Fn(usize) -> f64) {
    for _ in 0..rounds {
        let at_once = limit.now();
        limit.fill();
        for i in 0..at_once {
            // A little spread, the same in every run.
            let spread = 1.0 + 0.02 * f64::from(u32::try_from(i % 3).unwrap());
            limit.fill();
            limit.observe(
                Kind::Get,
                Duration::from_secs_f64(latency(at_once) * spread),
            );
        }
    }
}

/// A server with two cores, each request a millisecond of work, at the end of a wire.
fn two_cores(wire: f64) -> impl Fn(usize) -> f64 {
    move |at_once| {
        let at_once = f64::from(u32::try_from(at_once).unwrap());
        wire + 0.001 * (at_once / 2.0).max(1.0)
    }
}

#[test]
fn climbs_fast_where_the_wire_is_long() {
    let mut limit = Limit::new(64);
    run(&mut limit, 12, |_| RTT);
    assert_eq!(limit.now(), 64);
}

#[test]
fn stays_small_where_the_server_is_busy() {
    let mut limit = Limit::new(64);
    for _ in 0..50 {
        run(&mut limit, 10, two_cores(0.0));
        assert!(limit.now() <= 8, "{}", limit.now());
    }
    assert!(limit.now() >= 4);
}

#[test]
fn finds_the_place_between() {
    // 20 ms of wire and two cores of a millisecond: 40 at once keep the server busy.
    let mut limit = Limit::new(64);
    run(&mut limit, 200, two_cores(RTT));
    assert!((24..=64).contains(&limit.now()), "{}", limit.now());
}

#[test]
fn does_not_grow_when_nobody_needs_it() {
    let mut limit = Limit::new(64);
    for _ in 0..1000 {
        limit.observe(Kind::Head, Duration::from_millis(20));
    }
    assert_eq!(limit.now(), 4);
}

#[test]
fn too_many_halves_it_once_for_all_who_hear_it() {
    let mut limit = Limit::new(64);
    run(&mut limit, 12, |_| RTT);
    let epoch = limit.epoch();
    for _ in 0..64 {
        limit.cut(epoch);
    }
    assert_eq!(limit.now(), 32);
    let epoch = limit.epoch();
    limit.cut(epoch);
    assert_eq!(limit.now(), 16);
}

#[test]
fn never_falls_below_one() {
    let mut limit = Limit::new(64);
    for _ in 0..20 {
        let epoch = limit.epoch();
        limit.cut(epoch);
    }
    assert_eq!(limit.now(), 1);
    run(&mut limit, 1, |_| RTT);
    assert_eq!(limit.now(), 1);
}

#[test]
fn rises_by_one_a_window_after_it_was_cut() {
    let mut limit = Limit::new(64);
    run(&mut limit, 12, |_| RTT);
    let epoch = limit.epoch();
    limit.cut(epoch);
    assert_eq!(limit.now(), 32);
    // 64 answers that were asked for before, then a window of 32.
    for _ in 0..64 + 31 {
        limit.fill();
        limit.observe(Kind::Put, Duration::from_millis(20));
    }
    assert_eq!(limit.now(), 32);
    limit.fill();
    limit.observe(Kind::Put, Duration::from_millis(20));
    assert_eq!(limit.now(), 33);
}

#[test]
fn kinds_are_not_mixed_up() {
    // Cheap questions first, dear ones later: that is no sign of strain.
    let mut limit = Limit::new(64);
    for _ in 0..40 {
        limit.fill();
        limit.observe(Kind::Head, Duration::from_millis(20));
        limit.fill();
        limit.observe(Kind::Put, Duration::from_millis(80));
    }
    for _ in 0..80 {
        limit.fill();
        limit.observe(Kind::Head, Duration::from_millis(20));
        for _ in 0..3 {
            limit.fill();
            limit.observe(Kind::Put, Duration::from_millis(80));
        }
    }
    assert_eq!(limit.now(), 64);
}

#[test]
fn a_maximum_of_one_is_kept() {
    let mut limit = Limit::new(0);
    assert_eq!(limit.now(), 1);
    run(&mut limit, 50, |_| RTT);
    assert_eq!(limit.now(), 1);
}
