use std::sync::Arc;

use transship_oci::{Placed, Placement, Sink as _};
use transship_testkit::fault::{FaultRegistry, Quirk, Route, quirks::Mount};

use super::support::{TestBlob, absent, read_blob, registry, target};

async fn mounted(quirks: Vec<Arc<dyn Quirk>>, from: &str) -> (FaultRegistry, Placed) {
    use transship_oci::Blob as _;
    let registry = registry(quirks).await;
    let blob = TestBlob::noise(3, 200_000);
    target(registry.host(), "base")
        .put_blob(&blob, &absent())
        .await
        .unwrap();
    registry.forget();
    let placement = Placement {
        mount_from: Some(registry.repository(from)),
        absent: true,
    };
    let placed = target(registry.host(), "app")
        .put_blob(&blob, &placement)
        .await
        .unwrap();
    assert_eq!(
        transship_oci::Digest::sha256(&read_blob(registry.host(), "app", blob.descriptor()).await),
        blob.digest()
    );
    (registry, placed)
}

#[tokio::test]
async fn a_blob_of_another_repository_is_mounted_with_one_request() {
    let (registry, placed) = mounted(vec![], "base").await;
    assert_eq!(placed, Placed::Mounted);
    assert_eq!(
        registry.counts(),
        [("get-blob", 1), ("post-mount", 1)].into()
    );
}

#[tokio::test]
async fn a_session_in_place_of_a_mount_is_used() {
    let (registry, placed) = mounted(vec![Arc::new(Mount::Session)], "base").await;
    assert_eq!(placed, Placed::Sent(200_000));
    assert_eq!(
        registry.counts(),
        [("get-blob", 1), ("post-mount", 1), ("put-blob", 1)].into()
    );
}

#[tokio::test]
async fn a_refused_mount_becomes_an_upload() {
    for status in [400, 401, 403, 404, 405] {
        let (registry, placed) = mounted(vec![Arc::new(Mount::Refused(status))], "base").await;
        assert_eq!(placed, Placed::Sent(200_000), "{status}");
        assert_eq!(registry.count(Route::PostUpload), 1, "{status}");
        assert_eq!(registry.count(Route::PutBlob), 1, "{status}");
    }
}

#[tokio::test]
async fn a_mount_from_where_the_blob_is_not_becomes_an_upload() {
    let (registry, placed) = mounted(vec![], "nowhere").await;
    assert_eq!(placed, Placed::Sent(200_000));
    assert_eq!(registry.count(Route::PutBlob), 1);
}
