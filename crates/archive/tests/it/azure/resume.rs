//! Uploads that were cut, and answers that were lost.

use transship_archive::store::Store;
use transship_oci::ErrorKind;

use super::{CONTAINER, azurite, signed};
use crate::support::{md5, spec, whole};

#[tokio::test]
async fn blocks_of_another_session_are_not_taken_for_ours() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let store = signed(&azurite, &azurite.sas(CONTAINER, "rw"));
    let mut spec = spec(6, 3);
    let ours = store.upload("k", &spec).await.unwrap();
    let theirs = store.upload("k", &spec).await.unwrap();
    assert_ne!(ours.session(), theirs.session());
    theirs.put(0, "xxx".into()).await.unwrap();
    theirs.put(1, "yyy".into()).await.unwrap();
    let first = ours.put(0, "abc".into()).await.unwrap();
    spec.session = Some(ours.session().to_owned());
    let ours = store.upload("k", &spec).await.unwrap();
    let held = ours.held().await.unwrap().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].part, held[0].size, &held[0].receipt),
        (0, 3, &first)
    );
    let second = ours.put(1, "def".into()).await.unwrap();
    ours.complete(&[first, second], &md5(b"abcdef"))
        .await
        .unwrap();
    assert_eq!(whole(&store, "k").await, b"abcdef");
}

#[tokio::test]
async fn who_lost_the_race_with_leave_to_overwrite_is_told() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let store = signed(&azurite, &azurite.sas(CONTAINER, "rw"));
    let mut spec = spec(3, 3);
    spec.overwrite = true;
    let (one, two) = (
        store.upload("k", &spec).await.unwrap(),
        store.upload("k", &spec).await.unwrap(),
    );
    let (first, second) = (
        one.put(0, "one".into()).await.unwrap(),
        two.put(0, "two".into()).await.unwrap(),
    );
    one.complete(&[first], &md5(b"one")).await.unwrap();
    let error = two.complete(&[second], &md5(b"two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(whole(&store, "k").await, b"one");
}
