//! What a SAS leaves out is named, by us or by Azure.

use futures::TryStreamExt as _;
use transship_archive::store::{Stat, Store};
use transship_oci::{Error, ErrorKind, Result};
use transship_testkit::peers::{AzureSas, Azurite};

use super::{CONTAINER, azurite, open, settings, signed};
use crate::support::{md5, spec, whole, write};

async fn export(store: &dyn Store, key: &str) -> Result<()> {
    let upload = store.upload(key, &spec(3, 1 << 16)).await?;
    let receipt = upload.put(0, "abc".into()).await?;
    upload.complete(&[receipt], &md5(b"abc")).await
}

async fn list(store: &dyn Store) -> Result<Vec<Stat>> {
    store.list("").try_collect().await
}

#[tokio::test]
async fn the_letters_that_azure_transfer_asks_for_are_enough() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let exporter = signed(&azurite, &azurite.sas(CONTAINER, "alrw"));
    export(&exporter, "k").await.unwrap();
    let importer = signed(&azurite, &azurite.sas(CONTAINER, "dlr"));
    assert_eq!(
        list(&importer).await.unwrap()[0].metadata["category"],
        "acr-transfer-blob"
    );
    assert_eq!(whole(&importer, "k").await, b"abc");
    importer.delete("k").await.unwrap();
    assert_eq!(list(&importer).await.unwrap(), []);
}

#[tokio::test]
async fn a_letter_that_is_missing_is_named_before_anything_is_asked() {
    let Some(azurite) = azurite().await else {
        return;
    };
    write(
        &signed(&azurite, &azurite.sas(CONTAINER, "rwl")),
        "there",
        b"x",
        1 << 16,
        false,
    )
    .await;
    let said = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        error.message().to_owned()
    };
    let with = |letters: &str| signed(&azurite, &azurite.sas(CONTAINER, letters));
    assert_eq!(
        said(export(&with("lr"), "k").await.unwrap_err()),
        "the SAS allows `rl`, which leaves out w (write): it cannot write blobs"
            .replace("rl", "lr")
    );
    assert_eq!(
        said(list(&with("rw")).await.unwrap_err()),
        "the SAS allows `rw`, which leaves out l (list): it cannot list the container"
    );
    assert_eq!(
        said(with("lw").read("there", 0..1, None).await.unwrap_err()),
        "the SAS allows `lw`, which leaves out r (read): it cannot read blobs"
    );
    assert_eq!(
        said(with("lr").delete("there").await.unwrap_err()),
        "the SAS allows `lr`, which leaves out d (delete): it cannot delete blobs"
    );
}

#[tokio::test]
async fn a_drop_box_can_be_written_to_without_being_read() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let store = signed(&azurite, &azurite.sas(CONTAINER, "w"));
    export(&store, "k").await.unwrap();
    let error = export(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let reader = signed(&azurite, &azurite.sas(CONTAINER, "r"));
    assert_eq!(whole(&reader, "k").await, b"abc");
}

#[tokio::test]
async fn a_sas_is_taken_with_and_without_its_question_mark() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let sas = azurite.sas(CONTAINER, "lrw");
    let address = format!("{}{CONTAINER}", azurite.endpoint());
    for (i, text) in [sas.clone(), format!("?{sas}")].into_iter().enumerate() {
        let store = open(
            &address,
            &settings(&azurite, [("AZURE_STORAGE_SAS_TOKEN", text)]),
        );
        export(&store, &format!("k{i}")).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_refused_says_so_and_gives_nothing_away() {
    let Some(azurite) = azurite().await else {
        return;
    };
    azurite.create("other").await;
    let wrong = azurite.sas(CONTAINER, "rl").replace("sig=", "sig=AAAA");
    let expired = AzureSas::new("rl")
        .expires("2020-01-01T00:00:00Z")
        .sign(CONTAINER);
    let early = AzureSas::new("rl")
        .starts("2098-01-01T00:00:00Z")
        .sign(CONTAINER);
    for (sas, hint) in [
        (
            expired,
            "make a new SAS: this one ended at 2020-01-01T00:00:00Z",
        ),
        (
            early,
            "wait, or make a new SAS: this one begins at 2098-01-01T00:00:00Z",
        ),
        (wrong, ""),
        (azurite.sas("other", "rl"), ""),
    ] {
        let error = list(&signed(&azurite, &sas)).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unauthorized),
            "{error}"
        );
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
        let signature = sas.split("sig=").nth(1).unwrap();
        assert!(!format!("{error:?}").contains(signature));
    }
}

#[tokio::test]
async fn a_container_that_is_not_there_is_named() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let sas = AzureSas::new("racwdl").of_account("sco").sign("");
    let address = format!("{}nowhere?{sas}", azurite.endpoint());
    let error = list(&open(&address, &settings(&azurite, [])))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.hint(),
        Some("create the container, or check its name")
    );
    assert_eq!(
        error.place(),
        Some(format!("{}nowhere", azurite.endpoint()).as_str())
    );
}

#[tokio::test]
async fn nobody_else_is_trusted_than_was_said() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let sas = azurite.sas(CONTAINER, "rl");
    let mut settings = settings(&azurite, []);
    settings.authorities.clear();
    let error = list(&open(
        &format!("{}{CONTAINER}?{sas}", azurite.endpoint()),
        &settings,
    ))
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.retry(), transship_oci::Retry::No);
    let _: &Azurite = &azurite;
}
