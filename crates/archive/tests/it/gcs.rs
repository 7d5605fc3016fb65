//! Google Cloud Storage, as two emulators play it.

use transship_archive::store::{Address, CloudSettings, Environment, GcsStore, Store};
use transship_oci::ErrorKind;
use transship_testkit::peers::Gcs;

use crate::{
    contract::{self, Traits},
    support::{bytes, md5, spec, whole},
};

const BUCKET: &str = "transfer";

fn open(bucket: &str, gcs: &Gcs) -> GcsStore {
    let settings = CloudSettings::new(Environment::from_iter(gcs.environment()));
    match format!("gs://{bucket}").parse() {
        Ok(Address::Gcs(address)) => GcsStore::open(&address, &settings).expect("a store"),
        other => panic!("{other:?} is no address of Google's"),
    }
}

#[tokio::test]
async fn the_contract_is_kept() {
    let Some(gcs) = Gcs::fake(BUCKET).await else {
        return;
    };
    let store = open(BUCKET, &gcs);
    // It takes a question for bytes, so nothing can be gone on with.
    contract::check_all_but_resuming(
        &store,
        Traits {
            md5: true,
            metadata: true,
            times: true,
            held: true,
            sessions: false,
        },
    )
    .await;
}

#[tokio::test]
async fn an_upload_is_gone_on_with() {
    let Some(gcs) = Gcs::emulator(BUCKET).await else {
        return;
    };
    let store = open(BUCKET, &gcs);
    contract::resumed(
        &store,
        Traits {
            md5: true,
            metadata: true,
            times: true,
            held: true,
            sessions: true,
        },
    )
    .await;
}

#[tokio::test]
async fn a_part_that_arrived_in_part_is_not_sent_again() {
    let Some(gcs) = Gcs::emulator(BUCKET).await else {
        return;
    };
    let store = open(BUCKET, &gcs);
    let content = bytes(3 << 18, 9);
    // Of a part of 512 KiB half has arrived: as if the part had been half as long.
    let mut half = spec(content.len(), 1 << 18);
    let first = store.upload("k", &half).await.unwrap();
    first
        .put(0, content[..1 << 18].to_vec().into())
        .await
        .unwrap();
    half.part_size = 1 << 19;
    half.session = Some(first.session().to_owned());
    let second = store.upload("k", &half).await.unwrap();
    assert_eq!(second.held().await.unwrap(), Some(Vec::new()));
    let one = second
        .put(0, content[..1 << 19].to_vec().into())
        .await
        .unwrap();
    let two = second
        .put(1, content[1 << 19..].to_vec().into())
        .await
        .unwrap();
    second.complete(&[one, two], &md5(&content)).await.unwrap();
    assert_eq!(whole(&store, "k").await, content);
}

#[tokio::test]
async fn bytes_that_changed_on_the_way_do_not_stay() {
    let Some(gcs) = Gcs::fake(BUCKET).await else {
        return;
    };
    let store = open(BUCKET, &gcs);
    let upload = store.upload("k", &spec(3, 1 << 18)).await.unwrap();
    let receipt = upload.put(0, "abc".into()).await.unwrap();
    let error = upload.complete(&[receipt], &md5(b"abd")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
    assert_eq!(store.stat("k").await.unwrap(), None);
}

#[tokio::test]
async fn a_session_of_another_host_is_none() {
    let Some(gcs) = Gcs::fake(BUCKET).await else {
        return;
    };
    let mut spec = spec(3, 1 << 18);
    spec.session = Some("https://elsewhere.example/upload?upload_id=1".to_owned());
    let error = open(BUCKET, &gcs)
        .upload("k", &spec)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(!error.to_string().contains("upload_id"), "{error}");
}
