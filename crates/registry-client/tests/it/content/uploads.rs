use std::sync::Arc;

use transship_oci::{ErrorKind, Placed, Placement, Sink as _, Source as _};
use transship_registry_server::Settings;
use transship_testkit::fault::{
    Answer, FaultRegistry, Quirk, Route, on,
    quirks::{MaxBody, RangeZero, StaleState},
};

use super::support::{TestBlob, absent, read_blob, registry, registry_with, source, target};

const SMALL: usize = 100_000;
const MIDDLE: usize = 3_000_000;
const LARGE: usize = 9_000_000;

/// Puts `blob`, and sees that it is there byte for byte.
async fn put(registry: &FaultRegistry, blob: &TestBlob) -> Placed {
    let placed = target(registry.host(), "app")
        .put_blob(blob, &absent())
        .await
        .unwrap();
    check(registry, blob).await;
    placed
}

async fn check(registry: &FaultRegistry, blob: &TestBlob) {
    use transship_oci::Blob as _;
    let before = registry.count(Route::GetBlob);
    let bytes = read_blob(registry.host(), "app", blob.descriptor()).await;
    assert_eq!(transship_oci::Digest::sha256(&bytes), blob.digest());
    assert_eq!(registry.count(Route::GetBlob), before + 1);
}

#[tokio::test]
async fn a_small_blob_is_a_post_and_a_put() {
    for size in [0, 1, SMALL, 1_000_000] {
        let registry = registry(vec![]).await;
        let blob = TestBlob::noise(1, size);
        assert_eq!(put(&registry, &blob).await, Placed::Sent(size as u64));
        assert_eq!(
            registry.counts(),
            [("get-blob", 1), ("post-upload", 1), ("put-blob", 1)].into()
        );
        assert_eq!(blob.opened(), [0]);
        assert_eq!(blob.read(), size as u64);
    }
}

#[tokio::test]
async fn a_large_blob_is_looked_for_and_sent_in_one_patch() {
    let registry = registry(vec![]).await;
    let blob = TestBlob::noise(1, LARGE);
    assert_eq!(put(&registry, &blob).await, Placed::Sent(LARGE as u64));
    assert_eq!(
        registry.counts(),
        [
            ("get-blob", 1),
            ("head-blob", 1),
            ("patch", 1),
            ("post-upload", 1),
            ("put-blob", 1)
        ]
        .into()
    );
    let patch = registry
        .seen()
        .into_iter()
        .find(|seen| seen.route == Route::Patch)
        .unwrap();
    assert_eq!(patch.header("content-range"), None);
    assert_eq!(
        patch.header("content-length"),
        Some(LARGE.to_string().as_str())
    );
    assert_eq!(patch.received, LARGE as u64);
}

#[tokio::test]
async fn a_blob_that_is_there_is_not_sent() {
    let registry = registry(vec![]).await;
    let blob = TestBlob::noise(1, SMALL);
    put(&registry, &blob).await;
    registry.forget();
    let placed = target(registry.host(), "app")
        .put_blob(&blob, &Placement::default())
        .await
        .unwrap();
    assert_eq!(placed, Placed::Present);
    assert_eq!(registry.counts(), [("head-blob", 1)].into());
}

#[tokio::test]
async fn the_source_is_opened_while_the_session_is() {
    let hold = transship_testkit::fault::Hold::new();
    let registry = registry(vec![on(Route::PostUpload).hold(&hold)]).await;
    let blob = Arc::new(TestBlob::noise(1, MIDDLE));
    let put = tokio::spawn({
        let (repository, blob) = (target(registry.host(), "app"), Arc::clone(&blob));
        async move { repository.put_blob(&*blob, &Placement::default()).await }
    });
    hold.arrived().await;
    assert_eq!(blob.opened(), [0]);
    hold.release();
    assert_eq!(put.await.unwrap().unwrap(), Placed::Sent(MIDDLE as u64));
}

#[tokio::test]
async fn a_single_put_that_is_refused_becomes_a_patch_and_is_remembered() {
    let refused = on(Route::PutBlob)
        .first(1)
        .answer(Answer::error(405, "UNSUPPORTED", "no"));
    let registry = registry(vec![refused]).await;
    let client = super::support::Desk::new().client();
    let name = registry.repository("app");
    let repository = client
        .repository(&name, transship_oci::Side::Target)
        .unwrap();
    let one = TestBlob::noise(1, SMALL);
    repository.put_blob(&one, &absent()).await.unwrap();
    check(&registry, &one).await;
    assert_eq!(
        registry.count(Route::DeleteUpload),
        1,
        "the session that was given up"
    );
    assert_eq!(registry.count(Route::PostUpload), 2);
    registry.forget();
    // Another repository of the host knows.
    let other = client
        .repository(&registry.repository("other"), transship_oci::Side::Target)
        .unwrap();
    other
        .put_blob(&TestBlob::noise(2, SMALL), &absent())
        .await
        .unwrap();
    assert_eq!(
        registry.counts(),
        [("patch", 1), ("post-upload", 1), ("put-blob", 1)].into()
    );
}

#[tokio::test]
async fn a_patch_that_is_refused_becomes_one_put() {
    for status in [404, 405, 411, 501] {
        let registry = registry(vec![on(Route::Patch).answer(Answer::new(status))]).await;
        let blob = TestBlob::noise(1, LARGE);
        put(&registry, &blob).await;
        let last = registry
            .seen()
            .into_iter()
            .rfind(|seen| seen.route == Route::PutBlob)
            .unwrap();
        assert_eq!(last.received, LARGE as u64, "{status}");
        assert_eq!(registry.count(Route::DeleteUpload), 2, "{status}");
    }
}

#[tokio::test]
async fn a_front_end_that_limits_bodies_gets_chunks() {
    let limit = Arc::new(MaxBody::new([Route::Patch, Route::PutBlob], 5_000_000));
    let registry = registry(vec![limit]).await;
    let blob = TestBlob::noise(1, 12_000_000);
    put(&registry, &blob).await;
    let chunks: Vec<_> = registry
        .seen()
        .into_iter()
        .filter(|seen| seen.route == Route::Patch && seen.status == 202)
        .map(|seen| {
            (
                seen.header("content-range").unwrap().to_owned(),
                seen.received,
            )
        })
        .collect();
    assert_eq!(
        chunks,
        [
            ("0-4194303".to_owned(), 4_194_304),
            ("4194304-8388607".to_owned(), 4_194_304),
            ("8388608-11999999".to_owned(), 3_611_392),
        ]
    );
}

#[tokio::test]
async fn the_least_chunk_is_kept_and_an_absurd_one_clamped() {
    for (least, first) in [(20_000_000u64, 20_000_000), (u64::MAX, 67_108_864)] {
        let settings = Settings {
            chunk_min: Some(20_000_000),
            ..Settings::default()
        };
        let said = least.to_string();
        let registry = registry_with(
            settings,
            vec![
                on(Route::PostUpload).header("oci-chunk-min-length", Some(&said)),
                on(Route::Patch).first(1).answer(Answer::new(413)),
            ],
        )
        .await;
        let blob = TestBlob::noise(1, 70_000_000);
        target(registry.host(), "app")
            .put_blob(&blob, &absent())
            .await
            .unwrap();
        let chunk = registry
            .seen()
            .into_iter()
            .filter(|seen| seen.route == Route::Patch)
            .nth(1)
            .unwrap();
        assert_eq!(chunk.received, first);
    }
}

#[tokio::test]
async fn amazon_says_201_to_a_patch() {
    let quirk = on(Route::Patch).act(transship_testkit::fault::Action::Relabel(201));
    let registry = registry(vec![quirk]).await;
    put(&registry, &TestBlob::noise(1, LARGE)).await;
    assert_eq!(registry.count(Route::Patch), 1);
}

#[tokio::test]
async fn an_answer_without_location_is_an_error_and_no_panic() {
    let registry = registry(vec![on(Route::PostUpload).header("location", None)]).await;
    let error = target(registry.host(), "app")
        .put_blob(&TestBlob::noise(1, SMALL), &absent())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        "the registry opened an upload session and did not say where (no Location)"
    );
}

/// Cuts the first PATCH after so many bytes; says how many bytes the registry got in all.
async fn cut_after(landed: u64, more: Vec<Arc<dyn Quirk>>) -> (FaultRegistry, TestBlob) {
    let mut quirks = vec![on(Route::Patch).first(1).cut_request(landed)];
    quirks.extend(more);
    let registry = registry(quirks).await;
    let blob = TestBlob::noise(1, LARGE);
    put(&registry, &blob).await;
    (registry, blob)
}

#[tokio::test]
async fn an_upload_that_is_cut_goes_on_where_it_stopped() {
    for stale in [false, true] {
        let more: Vec<Arc<dyn Quirk>> = if stale {
            vec![Arc::new(StaleState::default())]
        } else {
            vec![]
        };
        let (registry, blob) = cut_after(4_000_000, more).await;
        assert_eq!(registry.count(Route::GetUpload), 1);
        assert_eq!(registry.count(Route::PostUpload), 1);
        let patches: Vec<_> = registry
            .seen()
            .into_iter()
            .filter(|seen| seen.route == Route::Patch)
            .collect();
        assert_eq!(patches.len(), 2);
        assert_eq!(patches[1].header("content-range"), Some("4000000-8999999"));
        assert_eq!(patches[1].received, 5_000_000);
        assert_eq!(blob.opened().len(), 2);
    }
}

#[tokio::test]
async fn nothing_and_one_byte_look_the_same_to_some() {
    for (landed, patches, opened) in [(0, 2, vec![0, 0]), (1, 3, vec![0, 0, 1])] {
        let (registry, blob) = cut_after(landed, vec![Arc::new(RangeZero)]).await;
        assert_eq!(registry.count(Route::Patch), patches, "{landed}");
        assert_eq!(registry.count(Route::PostUpload), 1);
        assert_eq!(blob.opened(), opened);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_one_question() {
    // All bytes landed, and the session knows.
    let (registry, _) = cut_after(u64::MAX, vec![]).await;
    assert_eq!(registry.count(Route::Patch), 1);
    assert_eq!(registry.count(Route::GetUpload), 1);
    assert_eq!(registry.count(Route::PutBlob), 1);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_to_have_worked() {
    let registry = registry(vec![on(Route::PutBlob).first(1).cut_request(u64::MAX)]).await;
    put(&registry, &TestBlob::noise(1, SMALL)).await;
    assert_eq!(registry.count(Route::HeadBlob), 1);
    assert_eq!(registry.count(Route::PostUpload), 1);
}

#[tokio::test]
async fn a_session_that_is_gone_is_replaced() {
    let registry = registry(vec![
        on(Route::Patch).first(1).cut_request(1_000_000),
        on(Route::GetUpload).answer(Answer::error(404, "BLOB_UPLOAD_UNKNOWN", "gone")),
    ])
    .await;
    put(&registry, &TestBlob::noise(1, LARGE)).await;
    assert_eq!(registry.count(Route::PostUpload), 2);
    assert_eq!(registry.count(Route::Patch), 2);
}

#[tokio::test]
async fn busy_answers_in_the_middle_are_waited_out() {
    let busy = Answer::new(429).header("retry-after", "1");
    let registry = registry(vec![
        on(Route::Patch).first(1).refuse_request(2_000_000, busy),
    ])
    .await;
    put(&registry, &TestBlob::noise(1, LARGE)).await;
    let patches: Vec<_> = registry
        .seen()
        .into_iter()
        .filter(|seen| seen.route == Route::Patch)
        .collect();
    assert_eq!(patches.len(), 2);
    assert_eq!(patches[1].header("content-range"), Some("2000000-8999999"));
}

#[tokio::test]
async fn an_upload_that_brings_nothing_forward_ends() {
    let registry = registry(vec![on(Route::Patch).or(Route::PutBlob).cut_request(0)]).await;
    let blob = TestBlob::noise(1, LARGE);
    let error = target(registry.host(), "app")
        .put_blob(&blob, &absent())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    // Three ways of three attempts each.
    assert!(registry.count(Route::Patch) <= 6, "{:?}", registry.counts());
    assert!(
        registry.count(Route::PutBlob) <= 3,
        "{:?}",
        registry.counts()
    );
}

#[tokio::test]
async fn a_source_that_breaks_off_is_the_sources_fault() {
    let registry = registry(vec![]).await;
    for size in [SMALL, MIDDLE] {
        let blob = TestBlob::noise(1, size);
        *blob.broken_at.lock().unwrap() = Some(50_000);
        registry.forget();
        let error = target(registry.host(), "app")
            .put_blob(&blob, &absent())
            .await
            .unwrap_err();
        assert_eq!(error.message(), "the source broke off");
        assert_eq!(
            registry.count(Route::DeleteUpload),
            1,
            "the session is given up"
        );
        assert_eq!(
            registry.count(Route::GetUpload),
            0,
            "the target is not to blame"
        );
    }
}

#[tokio::test]
async fn bytes_that_are_wrong_never_become_a_blob() {
    use transship_oci::{Blob as _, Descriptor, Digest, MemoryBlob};
    let registry = registry(vec![]).await;
    let lie = Descriptor::new("application/octet-stream", Digest::sha256(b"other"), 5);
    let blob = MemoryBlob::new(lie, "wrong".into());
    let error = target(registry.host(), "app")
        .put_blob(&blob, &absent())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
    assert_eq!(registry.count(Route::PostUpload), 1);
    let gone = source(registry.host(), "app")
        .blob(blob.descriptor(), 0)
        .await
        .err()
        .unwrap();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_sha512_blob_is_announced_and_kept() {
    use transship_oci::{Algorithm, Blob as _, Descriptor, Digest, MemoryBlob};
    let registry = registry(vec![]).await;
    let digest = Digest::of(Algorithm::Sha512, b"hello");
    let blob = MemoryBlob::new(
        Descriptor::new("application/octet-stream", digest, 5),
        "hello".into(),
    );
    target(registry.host(), "app")
        .put_blob(&blob, &absent())
        .await
        .unwrap();
    let post = registry
        .seen()
        .into_iter()
        .find(|seen| seen.route == Route::PostUpload)
        .unwrap();
    assert_eq!(post.query, "digest-algorithm=sha512");
    assert_eq!(
        read_blob(registry.host(), "app", blob.descriptor()).await,
        "hello"
    );
}
