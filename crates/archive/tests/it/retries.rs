//! Stores that have no time, break off, lie, or lose their answers: Azurite behind a server that misbehaves as told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::TryStreamExt as _;
use transship_archive::store::{AzureStore, CloudSettings, Environment, Patience, Stat, Store};
use transship_oci::{ErrorKind, Event, Observer, Retry};
use transship_testkit::{
    fault::{Action, Answer, FaultRegistry, Quirk, When, proxy},
    peers::Azurite,
};

use crate::{
    azure::open,
    support::{bytes, drain, md5, spec, whole, write},
};

/// Writes down second tries.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(u32, u64)>>);

impl Observer for Heard {
    fn on(&self, event: &Event) {
        if let Event::Retry {
            attempt, wait_ms, ..
        } = event
        {
            self.0.lock().unwrap().push((*attempt, *wait_ms));
        }
    }
}

struct Stand {
    azurite: Azurite,
    server: FaultRegistry,
    heard: Arc<Heard>,
    store: AzureStore,
}

impl Stand {
    async fn new(quirks: Vec<Arc<dyn Quirk>>) -> Option<Self> {
        let azurite = Azurite::plain().await?;
        azurite.create("transfer").await;
        let server = FaultRegistry::start(proxy(azurite.host()), quirks).await;
        let heard = Arc::new(Heard::default());
        let mut settings = CloudSettings::new(Environment::default());
        settings.observer = heard.clone();
        settings.patience = Patience {
            attempts: 4,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            total: Duration::from_secs(30),
        };
        let (account, sas) = (azurite.account(), azurite.sas("transfer", "racwdl"));
        let store = open(
            &format!("http://{}/{account}/transfer?{sas}", server.host()),
            &settings,
        );
        Some(Self {
            azurite,
            server,
            heard,
            store,
        })
    }

    /// What there is, without what stands in between.
    async fn really(&self, key: &str) -> Vec<u8> {
        let sas = self.azurite.sas("transfer", "r");
        let address = format!("{}transfer?{sas}", self.azurite.endpoint());
        whole(
            &open(&address, &CloudSettings::new(Environment::default())),
            key,
        )
        .await
    }

    fn heard(&self) -> Vec<(u32, u64)> {
        self.heard.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_store_that_asks_for_patience_gets_it() {
    let busy = Answer::new(503).header("retry-after", "1");
    let Some(stand) = Stand::new(vec![When::any().nth(2).answer(busy)]).await else {
        return;
    };
    write(&stand.store, "k", b"abc", 1 << 16, false).await;
    assert_eq!(stand.heard(), [(2, 1000)]);
    // The look, the block twice, the list.
    assert_eq!(stand.server.total(), 4);
    assert_eq!(stand.really("k").await, b"abc");
}

#[tokio::test]
async fn more_patience_than_there_is_is_an_error_that_says_when() {
    let busy = Answer::new(429).header("retry-after", "3600");
    let Some(stand) = Stand::new(vec![When::any().answer(busy)]).await else {
        return;
    };
    let error = stand.store.stat("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    assert_eq!(error.retry(), Retry::After(Duration::from_hours(1)));
    assert_eq!(stand.server.total(), 1);
}

#[tokio::test]
async fn failures_are_tried_again_so_often_and_no_more() {
    let Some(stand) = Stand::new(vec![When::any().answer(Answer::new(500))]).await else {
        return;
    };
    let error = stand.store.read("k", 0..1, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(stand.server.total(), 4);
    assert_eq!(stand.heard(), [(2, 1), (3, 2), (4, 2)]);
}

#[tokio::test]
async fn a_part_whose_connection_broke_is_sent_again_whole() {
    let Some(stand) = Stand::new(vec![When::any().nth(2).cut_request(40_000)]).await else {
        return;
    };
    let content = bytes(100_000, 4);
    write(&stand.store, "k", &content, 1 << 20, false).await;
    assert_eq!(stand.really("k").await, content);
    let sent: Vec<u64> = stand
        .server
        .seen()
        .iter()
        .filter(|seen| seen.query.contains("comp=block&"))
        .map(|seen| seen.received)
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1], 100_000);
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_is_recognised() {
    let Some(stand) = Stand::new(vec![When::any().nth(3).cut_request(u64::MAX)]).await else {
        return;
    };
    write(&stand.store, "k", b"abc", 1 << 16, false).await;
    assert_eq!(stand.really("k").await, b"abc");
    // The look, the block, the list twice, the look at what came of it.
    assert_eq!(stand.server.total(), 5);
}

#[tokio::test]
async fn what_another_writer_completed_is_not_taken_for_ours() {
    let Some(stand) = Stand::new(vec![When::any().nth(3).answer(Answer::new(500))]).await else {
        return;
    };
    let upload = stand.store.upload("k", &spec(3, 3)).await.unwrap();
    let receipt = upload.put(0, "abc".into()).await.unwrap();
    let sas = stand.azurite.sas("transfer", "rw");
    let address = format!("{}transfer?{sas}", stand.azurite.endpoint());
    let other = open(&address, &CloudSettings::new(Environment::default()));
    write(&other, "k", b"xyz", 3, false).await;
    let error = upload.complete(&[receipt], &md5(b"abc")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(stand.really("k").await, b"xyz");
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so() {
    let Some(stand) = Stand::new(vec![When::any().nth(4).cut_response(1000)]).await else {
        return;
    };
    write(&stand.store, "k", &bytes(50_000, 5), 1 << 20, false).await;
    let opened = stand.store.read("k", 0..50_000, None).await.unwrap();
    let outcome: Result<Vec<bytes::Bytes>, _> = opened.bytes.try_collect().await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.message(),
        "the store broke off in the middle of its answer"
    );
}

#[tokio::test]
async fn another_range_than_was_asked_for_is_refused() {
    let lie = When::any()
        .nth(4)
        .header("content-range", Some("bytes 5-9/50000"));
    let Some(stand) = Stand::new(vec![lie]).await else {
        return;
    };
    write(&stand.store, "k", &bytes(50_000, 6), 1 << 20, false).await;
    let error = stand.store.read("k", 10..20, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let again = stand.store.read("k", 10..20, None).await.unwrap();
    assert_eq!(drain(again).await, &bytes(50_000, 6)[10..20]);
}

#[tokio::test]
async fn a_list_without_end_is_not_kept_in_memory() {
    let Some(stand) = Stand::new(vec![When::any().act(Action::Endless)]).await else {
        return;
    };
    let error = stand
        .store
        .list("")
        .try_collect::<Vec<Stat>>()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert_eq!(
        error.message(),
        "the answer is longer than the 16777216 bytes allowed"
    );
}
