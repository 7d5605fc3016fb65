//! S3, as moto plays it, with signatures that are checked.

use futures::TryStreamExt as _;
use transship_archive::store::{Address, CloudSettings, Environment, S3Store, Stat, Store};
use transship_oci::ErrorKind;
use transship_testkit::peers::Moto;

use crate::{
    contract::{self, Traits},
    support::{md5, spec, write},
};

pub(crate) const BUCKET: &str = "transfer";

pub(crate) fn open(bucket: &str, environment: Vec<(String, String)>) -> S3Store {
    let settings = CloudSettings::new(Environment::from_iter(environment));
    match format!("s3://{bucket}").parse() {
        Ok(Address::S3(address)) => S3Store::open(&address, &settings).expect("a store"),
        other => panic!("{other:?} is no address of S3"),
    }
}

const TRAITS: Traits = Traits {
    md5: false,
    metadata: true,
    times: true,
    held: true,
    sessions: true,
};

#[tokio::test]
async fn the_contract_is_kept() {
    let Some(moto) = Moto::start(BUCKET).await else {
        return;
    };
    contract::check(&open(BUCKET, moto.environment()), TRAITS).await;
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_can_be_asked_for_again() {
    let Some(moto) = Moto::start(BUCKET).await else {
        return;
    };
    let store = open(BUCKET, moto.environment());
    let upload = store.upload("k", &spec(3, 5 << 20)).await.unwrap();
    let receipts = [upload.put(0, "abc".into()).await.unwrap()];
    upload.complete(&receipts, &md5(b"abc")).await.unwrap();
    upload.complete(&receipts, &md5(b"abc")).await.unwrap();
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let Some(moto) = Moto::start(BUCKET).await else {
        return;
    };
    write(&open(BUCKET, moto.environment()), "k", b"x", 5 << 20, false).await;
    let with = |name: &str, value: &str| {
        let mut environment = moto.environment();
        for pair in &mut environment {
            if pair.0 == name {
                value.clone_into(&mut pair.1);
            }
        }
        open(BUCKET, environment)
    };
    let list = async |store: &S3Store| store.list("").try_collect::<Vec<Stat>>().await;
    let wrong = list(&with("AWS_SECRET_ACCESS_KEY", "wrong"))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Unauthorized, "{wrong}");
    assert!(wrong.message().contains("SignatureDoesNotMatch"), "{wrong}");
    let unknown = list(&with("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN"))
        .await
        .unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unauthorized, "{unknown}");
    let absent = list(&open("elsewhere", moto.environment()))
        .await
        .unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound, "{absent}");
    assert_eq!(absent.place(), Some("s3://elsewhere"));
}

#[test]
fn an_endpoint_in_the_clear_is_refused_unless_it_is_this_machine() {
    let environment = [("AWS_ENDPOINT_URL", "http://s3.example")];
    let settings = CloudSettings::new(Environment::from_iter(environment));
    let Ok(Address::S3(address)) = "s3://bucket".parse() else {
        panic!("an address")
    };
    let error = S3Store::open(&address, &settings).unwrap_err();
    assert_eq!(
        error.message(),
        "AWS_ENDPOINT_URL or AWS_REGION makes no https URL"
    );
}
