use transship_oci::{
    Blob as _, Checkpoint, ErrorKind, HashState, Placed, Placement, Side, Sink as _,
};
use transship_testkit::fault::{Answer, Hold, Route, on};

use super::support::{Desk, TestBlob, absent, read_blob, registry};

const MIB: u64 = 1024 * 1024;
const SIZE: usize = 150 * 1024 * 1024;

/// A first process, killed when the registry has `landed` bytes; then a second one.
#[tokio::test]
async fn a_second_process_goes_on_where_the_first_was_killed() {
    let hold = Hold::new();
    let registry = registry(vec![
        on(Route::Patch).first(1).cut_request(140 * MIB),
        on(Route::GetUpload).first(1).hold(&hold),
    ])
    .await;
    let desk = Desk::new();
    let first = desk.open(registry.host(), "app", Side::Target);
    let killed = tokio::spawn(async move {
        let blob = TestBlob::noise(5, SIZE);
        first.put_blob(&blob, &absent()).await
    });
    // The upload is cut, and the process dies while it asks how far it came.
    hold.arrived().await;
    killed.abort();
    _ = killed.await;
    hold.release();
    let blob = TestBlob::noise(5, SIZE);
    let kept = desk.journal.get(&blob.digest()).unwrap();
    let covered = kept
        .hash
        .as_ref()
        .map(|hash: &HashState| hash.length)
        .unwrap();
    assert!(
        covered >= 64 * MIB && kept.offset >= 64 * MIB,
        "{covered}, {}",
        kept.offset
    );
    assert_eq!(
        desk.journal.saved()[0],
        0,
        "it was journalled before the first byte went out"
    );

    let second = desk.open(registry.host(), "app", Side::Target);
    registry.forget();
    let placed = second.put_blob(&blob, &absent()).await.unwrap();
    assert_eq!(placed, Placed::Sent(10 * MIB));
    assert_eq!(
        registry.counts(),
        [
            ("get-upload", 1),
            ("head-blob", 1),
            ("patch", 1),
            ("put-blob", 1)
        ]
        .into()
    );
    assert_eq!(
        blob.opened(),
        [covered.min(140 * MIB)],
        "what was hashed is not read again"
    );
    assert_eq!(desk.journal.get(&blob.digest()), None);
    let bytes = read_blob(registry.host(), "app", blob.descriptor()).await;
    assert_eq!(transship_oci::Digest::sha256(&bytes), blob.digest());
}

fn checkpoint(session: &str) -> Checkpoint {
    Checkpoint {
        session: session.to_owned(),
        offset: 5 * MIB,
        hash: None,
        started: 1,
    }
}

#[tokio::test]
async fn a_session_that_is_gone_is_forgotten() {
    let registry = registry(vec![]).await;
    let desk = Desk::new();
    let blob = TestBlob::noise(5, 9_000_000);
    let old = format!(
        "http://{}/v2/app/blobs/uploads/0123456789abcdef",
        registry.host()
    );
    desk.journal.put(blob.digest(), checkpoint(&old));
    let repository = desk.open(registry.host(), "app", Side::Target);
    let placed = repository.put_blob(&blob, &absent()).await.unwrap();
    assert_eq!(placed, Placed::Sent(9_000_000));
    assert_eq!(registry.count(Route::GetUpload), 1);
    assert_eq!(registry.count(Route::PostUpload), 1);
    assert_eq!(desk.journal.get(&blob.digest()), None);
}

#[tokio::test]
async fn a_blob_that_is_there_clears_its_checkpoint() {
    let registry = registry(vec![]).await;
    let desk = Desk::new();
    let blob = TestBlob::noise(5, 9_000_000);
    let repository = desk.open(registry.host(), "app", Side::Target);
    repository.put_blob(&blob, &absent()).await.unwrap();
    desk.journal
        .put(blob.digest(), checkpoint("http://127.0.0.1:1/u"));
    registry.forget();
    let placed = repository
        .put_blob(&blob, &Placement::default())
        .await
        .unwrap();
    assert_eq!(placed, Placed::Present);
    assert_eq!(registry.counts(), [("head-blob", 1)].into());
    assert_eq!(desk.journal.get(&blob.digest()), None);
}

#[tokio::test]
async fn a_failure_that_passes_keeps_the_session_and_another_gives_it_up() {
    for (answer, kept) in [
        (Answer::new(503), true),
        (Answer::error(403, "DENIED", "quota"), false),
    ] {
        let registry = registry(vec![
            on(Route::Patch).cut_request(3_000_000),
            on(Route::GetUpload).answer(answer),
        ])
        .await;
        let desk = Desk::new();
        let blob = TestBlob::noise(5, 9_000_000);
        let repository = desk.open(registry.host(), "app", Side::Target);
        let error = repository.put_blob(&blob, &absent()).await.unwrap_err();
        let kind = if kept {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Denied
        };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(desk.journal.get(&blob.digest()).is_some(), kept);
        assert_eq!(registry.count(Route::DeleteUpload), usize::from(!kept));
    }
}

#[tokio::test]
async fn a_small_blob_is_not_journalled() {
    let registry = registry(vec![]).await;
    let desk = Desk::new();
    let repository = desk.open(registry.host(), "app", Side::Target);
    repository
        .put_blob(&TestBlob::noise(5, 1_000_000), &absent())
        .await
        .unwrap();
    assert!(desk.journal.saved().is_empty());
}
