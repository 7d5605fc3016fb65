//! Copies that the stores make by themselves: nothing of the object passes through this machine.

use std::sync::Arc;

use async_trait::async_trait;
use transship_archive::store::{Address, CloudSettings, Environment, Store, UploadSpec};
use transship_oci::ErrorKind;
use transship_testkit::{
    fault::{FaultRegistry, Next, Outcome, Quirk, Request, proxy},
    peers::{Azurite, Gcs, Moto},
};

use crate::{
    azure::{azurite, open, settings, signed},
    support::{bytes, md5, spec, whole, write},
};

fn at(address: &str, environment: Vec<(String, String)>) -> Arc<dyn Store> {
    let settings = CloudSettings::new(Environment::from_iter(environment));
    let address: Address = address.parse().unwrap();
    address.open(&settings).unwrap()
}

fn how(overwrite: bool) -> UploadSpec {
    UploadSpec {
        overwrite,
        ..spec(0, 5 << 20)
    }
}

/// Copies, refuses to replace, and replaces.
async fn check(from: &dyn Store, to: &dyn Store) {
    let content = bytes(300_000, 7);
    write(from, "a b", &content, 5 << 20, false).await;
    let source = from.offer("a b").await.unwrap();
    assert_eq!(source.stat().size, 300_000);
    to.copy_from("dir/copy", &source, &how(false))
        .await
        .unwrap();
    assert_eq!(whole(to, "dir/copy").await, content);
    let stat = to.stat("dir/copy").await.unwrap().unwrap();
    assert_eq!(stat.metadata["category"], "acr-transfer-blob");
    assert!(stat.md5.is_none_or(|found| found == md5(&content)));
    let error = to
        .copy_from("dir/copy", &source, &how(false))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    to.copy_from("dir/copy", &source, &how(true)).await.unwrap();
}

#[tokio::test]
async fn buckets_of_one_endpoint_copy_from_each_other() {
    let Some(moto) = Moto::start("transfer").await else {
        return;
    };
    let store = at("s3://transfer", moto.environment());
    check(&*store, &*store).await;
}

#[tokio::test]
async fn buckets_of_google_copy_from_each_other() {
    let Some(gcs) = Gcs::fake("transfer").await else {
        return;
    };
    let store = at("gs://transfer", gcs.environment());
    check(&*store, &*store).await;
}

/// Does what Azurite does not: fetches the range of a URL for a block.
#[derive(Debug)]
struct Fetches;

#[async_trait]
impl Quirk for Fetches {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        let headers = request.headers_mut();
        let Some(url) = headers.remove("x-ms-copy-source") else {
            return next.run(request).await;
        };
        let range = headers.remove("x-ms-source-range").expect("a range");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let fetch = client.get(url.to_str().unwrap()).header("range", range);
        let answer = fetch.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 206);
        let body = answer.bytes().await.unwrap();
        headers.insert("content-length", body.len().into());
        next.run(request.map(|_| body.into())).await
    }
}

#[tokio::test]
async fn azure_fetches_blocks_by_the_sas_of_the_source() {
    let Some(azurite) = Azurite::plain().await else {
        return;
    };
    azurite.create("transfer").await;
    azurite.create("target").await;
    let plain = CloudSettings::new(Environment::default());
    let from = format!(
        "{}transfer?{}",
        azurite.endpoint(),
        azurite.sas("transfer", "rw")
    );
    let server = FaultRegistry::start(proxy(azurite.host()), vec![Arc::new(Fetches)]).await;
    let (account, sas) = (azurite.account(), azurite.sas("target", "rw"));
    let to = format!("http://{}/{account}/target?{sas}", server.host());
    check(&open(&from, &plain), &open(&to, &plain)).await;
    let sent: u64 = server.seen().iter().map(|seen| seen.received).sum();
    assert!(sent < 10_000, "{sent} bytes passed through this machine");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_unsupported_and_leaves_nothing() {
    let (Some(azurite), Some(moto)) = (azurite().await, Moto::start("transfer").await) else {
        return;
    };
    let azure = signed(&azurite, &azurite.sas("transfer", "rwl"));
    write(&azure, "k", b"abc", 5 << 20, false).await;
    let source = azure.offer("k").await.unwrap();
    assert!(!format!("{source:?}").contains("sig="));
    // Azurite does not know how to fetch.
    let error = azure
        .copy_from("copy", &source, &how(false))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(azure.stat("copy").await.unwrap(), None);
    // S3 does not know how to read Azure.
    let s3 = at("s3://transfer", moto.environment());
    let error = s3
        .copy_from("copy", &source, &how(false))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // A key is not given away.
    let keyed = [("AZURE_STORAGE_ACCOUNT_KEY", Azurite::key())];
    let keyed = open(
        &format!("{}transfer", azurite.endpoint()),
        &settings(&azurite, keyed),
    );
    assert_eq!(
        keyed.offer("k").await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}
