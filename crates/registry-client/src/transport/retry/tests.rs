use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::{future::BoxFuture, stream};
use http::{HeaderMap, Method};
use tokio::time::Instant;
use transship_oci::{
    Budget as _, Clock, Error, ErrorKind, Event, Observer, Result, Retry as Again, Side,
};
use url::Url;

use super::{Limits, Retry};
use crate::transport::{
    Answer, Body, HostBudget, Room,
    exchange::{Carry, Exchange, Label},
    payload::Payload,
};

/// What a host answers: a status and `Retry-After`, or a broken connection for 0.
type Line = (u16, Option<&'static str>);

/// A host that answers as written, and notes when it was asked.
#[derive(Debug, Default)]
struct Script {
    lines: Mutex<VecDeque<Line>>,
    asked: Mutex<Vec<Duration>>,
    start: Mutex<Option<Instant>>,
}

impl Carry for Script {
    fn carry<'a>(&'a self, exchange: &'a Exchange) -> BoxFuture<'a, Result<Answer>> {
        let start = *self.start.lock().unwrap().get_or_insert_with(Instant::now);
        self.asked.lock().unwrap().push(start.elapsed());
        let (status, after) = self
            .lines
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or((200, None));
        if let Payload::Stream(_) = exchange.payload {
            // The wire would have drained it.
            drop(exchange.payload.body());
        }
        Box::pin(async move {
            if status == 0 {
                return Err(exchange.label.error(ErrorKind::Unavailable, "cut"));
            }
            let mut response = http::Response::builder().status(status);
            if let Some(after) = after {
                response = response.header("retry-after", after);
            }
            let response = response.body(Bytes::new()).unwrap();
            Ok(Answer::new(response.into(), Arc::clone(&exchange.label)))
        })
    }
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> SystemTime {
        super::date("Sun, 06 Nov 1994 12:00:00 GMT").unwrap()
    }
}

#[derive(Debug, Default)]
struct Ears(Mutex<Vec<Event>>);

impl Observer for Ears {
    fn on(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

struct World {
    retry: Retry,
    script: Arc<Script>,
    ears: Arc<Ears>,
}

fn world(lines: &[Line]) -> World {
    let script = Arc::new(Script::default());
    script.lines.lock().unwrap().extend(lines);
    let ears = Arc::new(Ears::default());
    let max_wait = Duration::from_mins(2);
    let budget = HostBudget::new("host.example", 64, max_wait, ears.clone());
    let retry = Retry {
        inner: script.clone(),
        budget: Arc::new(budget),
        clock: Arc::new(Noon),
        observer: ears.clone(),
        host: "host.example".to_owned(),
        limits: Limits {
            max_wait,
            max_attempts: 4,
        },
        met: AtomicBool::default(),
    };
    World {
        retry,
        script,
        ears,
    }
}

impl World {
    fn asked(&self) -> Vec<u64> {
        self.script
            .asked
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect()
    }
}

fn exchange(method: Method, body: Body) -> Exchange {
    Exchange {
        label: Arc::new(Label {
            op: "put manifest".to_owned(),
            side: Side::Target,
            at: "host.example/app".to_owned(),
        }),
        method,
        url: Url::parse("https://host.example/v2/").unwrap(),
        headers: HeaderMap::new(),
        payload: Payload::from(body),
        room: Room::Own,
        authorization: None,
        guarded: false,
    }
}

fn head() -> Exchange {
    exchange(Method::HEAD, Body::Empty)
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_it_is_asked_to() {
    for (after, expected) in [("20", 20), ("Sun, 06 Nov 1994 12:00:30 GMT", 30)] {
        for (method, body) in [
            (Method::HEAD, Body::Empty),
            (Method::PUT, Body::Bytes(Bytes::from_static(b"{}"))),
            (Method::POST, Body::Empty),
        ] {
            for status in [429, 503] {
                let world = world(&[(status, Some(after))]);
                let exchange = exchange(
                    method.clone(),
                    match &body {
                        Body::Bytes(bytes) => Body::Bytes(bytes.clone()),
                        _ => Body::Empty,
                    },
                );
                let answer = world.retry.carry(&exchange).await.unwrap();
                assert_eq!(answer.status(), 200);
                let asked = world.asked();
                assert_eq!(asked.len(), 2);
                assert!(
                    (expected..=expected + 1).contains(&asked[1]),
                    "{after} {asked:?}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_holds_everybody() {
    let world = world(&[(429, Some("30"))]);
    let (first, second) = (head(), head());
    let late = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.retry.carry(&second).await
    };
    let transfer = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let start = Instant::now();
        let permit = world.retry.budget.acquire().await;
        drop(permit);
        start.elapsed().as_secs()
    };
    let (first, second, transfer) = tokio::join!(world.retry.carry(&first), late, transfer);
    assert!(first.is_ok() && second.is_ok());
    let asked = world.asked();
    assert_eq!((asked.len(), asked[0]), (3, 0));
    assert!(asked[1..].iter().all(|at| *at >= 30), "{asked:?}");
    assert!((25..=26).contains(&transfer), "{transfer}");
}

#[tokio::test(start_paused = true)]
async fn without_a_header_the_pauses_double() {
    let world = world(&[(429, None), (429, None), (429, None)]);
    world.retry.carry(&head()).await.unwrap();
    let asked = world.script.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 4);
    for (i, pair) in asked.windows(2).enumerate() {
        let full = 250 * 2_u128.pow(u32::try_from(i).unwrap());
        let pause = pair[1].saturating_sub(pair[0]).as_millis();
        // Half to all of it, and a tenth more for a hold.
        assert!(
            (full / 2..=full * 11 / 10 + 1).contains(&pause),
            "{i}: {pause}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_after_so_many_attempts_and_says_so() {
    let world = world(&[(503, None); 9]);
    let error = world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "target host.example/app: put manifest: the registry answered 503 Service Unavailable; gave up after 4 attempts"
    );
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(world.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_500_is_tried_three_times() {
    let world = world(&[(500, None); 9]);
    assert_eq!(
        world.retry.carry(&head()).await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert_eq!(world.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn more_patience_than_there_is() {
    let world = world(&[(429, Some("3600"))]);
    let error = world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry(), Again::After(Duration::from_hours(1)));
    assert!(error.message().contains("asks to wait 3600 s"), "{error}");
    // Who comes later is told at once, without a request.
    let error = world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(
        error.message(),
        "the registry asks to wait 3600 s, longer than the 120 s allowed"
    );
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waits_add_up_to_the_limit() {
    let world = world(&[(429, Some("50")), (429, Some("50")), (429, Some("50"))]);
    let error = world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(world.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_is_tried_again() {
    let world = world(&[(0, None), (0, None)]);
    assert_eq!(world.retry.carry(&head()).await.unwrap().status(), 200);
    assert_eq!(world.asked().len(), 3);
    let events = world.ears.0.lock().unwrap();
    let attempts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Retry {
                attempt, reason, ..
            } => Some((*attempt, reason.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [(2, "cut"), (3, "cut")]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answered_is_tried_three_times() {
    let world = world(&[(0, None); 9]);
    world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(world.asked().len(), 3);
    // One that has, as often as any.
    let world = self::world(&[(200, None), (0, None), (0, None), (0, None), (0, None)]);
    world.retry.carry(&head()).await.unwrap();
    world.retry.carry(&head()).await.unwrap_err();
    assert_eq!(world.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn other_answers_stand() {
    for status in [200, 202, 307, 400, 401, 403, 404, 409, 413, 416, 501] {
        let world = world(&[(status, None)]);
        assert_eq!(world.retry.carry(&head()).await.unwrap().status(), status);
        assert_eq!(world.asked().len(), 1);
    }
}

/// A stream that counts as begun.
fn begun() -> Exchange {
    let stream = Box::pin(stream::iter([Ok(Bytes::from_static(b"abc"))]));
    let exchange = exchange(Method::PATCH, Body::Stream { stream, length: 3 });
    let Payload::Stream(tap) = &exchange.payload else {
        panic!("no stream")
    };
    tap.begin();
    exchange
}

#[tokio::test(start_paused = true)]
async fn a_stream_comes_back_as_it_is_and_the_hold_stands() {
    let world = world(&[(429, Some("30"))]);
    assert_eq!(world.retry.carry(&begun()).await.unwrap().status(), 429);
    assert_eq!(world.asked(), [0]);
    world.retry.carry(&head()).await.unwrap();
    assert!(world.asked()[1] >= 30);

    let world = super::tests::world(&[(0, None)]);
    let error: Error = world.retry.carry(&begun()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_touched_is_sent_again() {
    let world = world(&[(0, None)]);
    let stream = Box::pin(stream::iter([Ok(Bytes::from_static(b"abc"))]));
    let untouched = exchange(Method::PATCH, Body::Stream { stream, length: 3 });
    assert_eq!(world.retry.carry(&untouched).await.unwrap().status(), 200);
    assert_eq!(world.asked().len(), 2);
}
