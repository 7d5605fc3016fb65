use bytes::Bytes;
use futures::TryStreamExt as _;
use transship_oci::{Blob as _, Descriptor, ErrorKind, Result, Sink as _, Source as _};
use transship_testkit::fault::{Action, Answer, FaultRegistry, Quirk, Route, on};

use super::support::{TestBlob, absent, registry, source, target};

async fn with_blob(quirks: Vec<std::sync::Arc<dyn Quirk>>) -> (FaultRegistry, TestBlob) {
    let registry = registry(quirks).await;
    let blob = TestBlob::noise(7, 300_000);
    target(registry.host(), "app")
        .put_blob(&blob, &absent())
        .await
        .unwrap();
    registry.forget();
    (registry, blob)
}

async fn read(registry: &FaultRegistry, node: &Descriptor, from: u64) -> Result<Bytes> {
    let stream = source(registry.host(), "app").blob(node, from).await?;
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(pieces.concat().into())
}

async fn whole(blob: &TestBlob) -> Bytes {
    let pieces: Vec<Bytes> = blob.open(0).await.unwrap().try_collect().await.unwrap();
    pieces.concat().into()
}

#[tokio::test]
async fn a_blob_is_read_from_any_offset_with_one_request() {
    let (registry, blob) = with_blob(vec![]).await;
    let bytes = whole(&blob).await;
    for from in [0, 1, 299_999] {
        registry.forget();
        let rest = read(&registry, blob.descriptor(), from).await.unwrap();
        assert_eq!(rest, bytes.slice(usize::try_from(from).unwrap()..));
        let seen = registry.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].status, if from == 0 { 200 } else { 206 });
        let range = (from > 0).then(|| format!("bytes={from}-"));
        assert_eq!(seen[0].header("range"), range.as_deref());
        assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn the_end_of_a_blob_needs_no_request() {
    let (registry, blob) = with_blob(vec![]).await;
    assert!(
        read(&registry, blob.descriptor(), 300_000)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(registry.total(), 0);
}

#[tokio::test]
async fn a_server_that_knows_no_ranges_is_read_past_what_is_known() {
    let (registry, blob) = with_blob(vec![on(Route::GetBlob).act(Action::Strip("range"))]).await;
    let rest = read(&registry, blob.descriptor(), 123_456).await.unwrap();
    assert_eq!(rest, whole(&blob).await.slice(123_456..));
    assert_eq!(registry.seen()[0].status, 200);
}

#[tokio::test]
async fn another_range_than_was_asked_for_is_refused() {
    let quirk = on(Route::GetBlob).header("content-range", Some("bytes 6-299999/300000"));
    let (registry, blob) = with_blob(vec![quirk]).await;
    let error = read(&registry, blob.descriptor(), 5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        format!(
            "blob {} was asked for from byte 5 on, and came as \"bytes 6-299999/300000\"",
            blob.digest()
        )
    );
}

#[tokio::test]
async fn a_blob_of_another_length_is_refused_before_it_is_read() {
    let (registry, blob) = with_blob(vec![]).await;
    let mut node = blob.descriptor().clone();
    node.size = 7;
    let error = read(&registry, &node, 0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert_eq!(
        error.message(),
        format!(
            "blob {} comes with 300000 bytes where 7 were promised",
            node.digest
        )
    );
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_not_found() {
    let unknown = on(Route::GetBlob).answer(Answer::error(404, "BLOB_UNKNOWN", "nothing here"));
    let (registry, blob) = with_blob(vec![unknown]).await;
    let error = read(&registry, blob.descriptor(), 0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.operation(),
        Some(format!("get blob {}", blob.digest()).as_str())
    );
}
