//! Identities: whoever has one gets a token for it, once.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use transship_archive::store::Store as _;
use transship_testkit::{
    fault::FaultRegistry,
    peers::{Azurite, Home},
};

use super::{CONTAINER, azurite, open, settings};
use crate::support::{whole, write};

/// Answers as the metadata service of a machine does, and as the authority that gives tokens to applications.
fn tokens() -> Router {
    let machine = async |headers: HeaderMap, RawQuery(query): RawQuery| {
        let query = query.unwrap_or_default();
        let asked = headers.get("metadata").is_some_and(|value| value == "true")
            && query.contains("resource=https%3A%2F%2Fstorage.azure.com");
        if !asked {
            return Err((StatusCode::BAD_REQUEST, query));
        }
        Ok(format!(
            r#"{{"access_token":"{}","expires_on":"4070908800"}}"#,
            Azurite::token()
        ))
    };
    let application = async |Path(tenant): Path<String>, body: Bytes| {
        let form = String::from_utf8_lossy(&body).into_owned();
        let known =
            form.contains("client_secret=s3cret") || form.contains("client_assertion=assertion");
        if tenant != "tenant" || !form.contains("client_id=app") || !known {
            return Err((StatusCode::BAD_REQUEST, form));
        }
        Ok(format!(
            r#"{{"access_token":"{}","expires_in":3600}}"#,
            Azurite::token()
        ))
    };
    Router::new()
        .route("/metadata/identity/oauth2/token", get(machine))
        .route("/{tenant}/oauth2/v2.0/token", post(application))
}

/// Writes and reads by an identity, and says how often a token was asked for.
async fn tokens_asked_for(
    azurite: &Azurite,
    server: &FaultRegistry,
    environment: &[(&str, String)],
) -> usize {
    let mut settings = settings(azurite, []);
    settings.environment = environment.iter().cloned().collect();
    let store = open(&format!("{}{CONTAINER}", azurite.endpoint()), &settings);
    write(&store, "k", b"abc", 1 << 16, true).await;
    assert_eq!(whole(&store, "k").await, b"abc");
    store.delete("k").await.unwrap();
    server.total()
}

#[tokio::test]
async fn a_machine_has_an_identity() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let server = FaultRegistry::start(tokens(), Vec::new()).await;
    let url = format!("http://{}/metadata/identity/oauth2/token", server.host());
    let asked = tokens_asked_for(
        &azurite,
        &server,
        &[
            ("AZURE_MSI_ENDPOINT", url),
            ("AZURE_CLIENT_ID", "mine".to_owned()),
        ],
    )
    .await;
    assert_eq!(asked, 1);
    assert!(server.seen()[0].query.contains("client_id=mine"));
}

#[tokio::test]
async fn an_application_has_a_secret_or_a_file_that_speaks_for_it() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let home = Home::new();
    let file = home.write("token", "assertion").display().to_string();
    for own in [
        ("AZURE_CLIENT_SECRET", "s3cret".to_owned()),
        ("AZURE_FEDERATED_TOKEN_FILE", file),
    ] {
        let server = FaultRegistry::start(tokens(), Vec::new()).await;
        let environment = [
            ("AZURE_AUTHORITY_HOST", format!("http://{}", server.host())),
            ("AZURE_TENANT_ID", "tenant".to_owned()),
            ("AZURE_CLIENT_ID", "app".to_owned()),
            own,
        ];
        assert_eq!(tokens_asked_for(&azurite, &server, &environment).await, 1);
    }
}

#[tokio::test]
async fn who_has_none_is_told_what_to_give() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let server = FaultRegistry::start(Router::new(), Vec::new()).await;
    let url = format!("http://{}/metadata/identity/oauth2/token", server.host());
    let settings = settings(&azurite, [("AZURE_MSI_ENDPOINT", url)]);
    let store = open(&format!("{}{CONTAINER}", azurite.endpoint()), &settings);
    let error = store.stat("k").await.unwrap_err();
    assert_eq!(
        error.kind(),
        transship_oci::ErrorKind::Unauthorized,
        "{error}"
    );
    assert_eq!(
        error.hint(),
        Some("give a SAS, set AZURE_STORAGE_KEY, or run where an identity is assigned")
    );
}
