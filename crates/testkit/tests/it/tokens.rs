//! Bearer tokens.

use std::sync::Arc;

use reqwest::Method;
use transship_testkit::fault::{Route, quirks::Tokens};

use crate::client::{Client, empty_index, json};

async fn with(tokens: Tokens) -> (Client, Arc<Tokens>) {
    let tokens = Arc::new(tokens);
    (
        Client::new(vec![Arc::<Tokens>::clone(&tokens)]).await,
        tokens,
    )
}

async fn token(client: &Client, query: &str) -> String {
    let answer = json(client.get(&format!("/token?{query}")).await).await;
    answer["token"].as_str().unwrap().to_owned()
}

async fn list(client: &Client, token: &str) -> u16 {
    let request = client
        .request(Method::GET, "/v2/app/tags/list")
        .bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_name() {
    let (client, tokens) = with(Tokens::new()).await;
    let refused = client.get("/v2/app/tags/list").await;
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()["www-authenticate"],
        format!(
            "Bearer realm=\"http://{}/token\",service=\"test\",scope=\"repository:app:pull\"",
            client.registry.host()
        )
    );
    let pull = token(&client, "service=test&scope=repository:app:pull").await;
    assert_eq!(
        list(&client, &pull).await,
        404,
        "let in: there is nothing yet"
    );
    let path = "/v2/app/manifests/1";
    let put = |token: &str| {
        let request = client.request(Method::PUT, path).bearer_auth(token);
        let request = request.header("content-type", empty_index().media_type().to_owned());
        request.body(empty_index().bytes().clone()).send()
    };
    assert_eq!(put(&pull).await.unwrap().status(), 401);
    let push = token(&client, "scope=repository:app:pull,push").await;
    assert_eq!(put(&push).await.unwrap().status(), 201);
    let elsewhere = token(&client, "scope=repository:other:pull,push").await;
    assert_eq!(put(&elsewhere).await.unwrap().status(), 401);
    assert_eq!(tokens.given(), 3);
    assert_eq!(client.registry.count(Route::Token), 3);
}

#[tokio::test]
async fn a_mount_needs_both_repositories() {
    let (client, _) = with(Tokens::new()).await;
    let digest = transship_oci::Digest::sha256(b"abc");
    let path = format!("/v2/app/blobs/uploads/?mount={digest}&from=base%2Fimage");
    let refused = client.request(Method::POST, &path).send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    let scopes = "scope=\"repository:app:pull,push repository:base/image:pull\"";
    assert!(challenge.ends_with(scopes), "{challenge}");
    let one = token(&client, "scope=repository:app:pull,push").await;
    let both = token(
        &client,
        "scope=repository:app:pull,push&scope=repository:base/image:pull",
    )
    .await;
    for (token, status) in [(one, 401), (both, 202)] {
        let request = client.request(Method::POST, &path).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn tokens_wear_out_and_are_revoked() {
    let (client, tokens) = with(Tokens::new().first_lasts(2)).await;
    let first = token(&client, "scope=repository:app:pull").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(list(&client, &first).await);
    }
    assert_eq!(statuses, [404, 404, 401]);
    let second = token(&client, "scope=repository:app:pull").await;
    tokens.revoke();
    assert_eq!(list(&client, &second).await, 401);
    let (client, _) = with(Tokens::new().first_lasts(0).refused_by_400()).await;
    let worn = token(&client, "scope=repository:app:pull").await;
    assert_eq!(list(&client, &worn).await, 400);
}

#[tokio::test]
async fn the_endpoint_knows_its_user_in_both_forms() {
    let (client, _) = with(Tokens::new().user("alice", "s3cret").expires_in(None)).await;
    assert_eq!(client.get("/token").await.status(), 401);
    let request = client
        .request(Method::GET, "/token")
        .basic_auth("alice", Some("s3cret"));
    let given = json(request.send().await.unwrap()).await;
    assert!(given.get("expires_in").is_none());
    let form = "grant_type=password&username=alice&password=s3cret&scope=repository:app:pull";
    let post = |client: &Client| client.request(Method::POST, "/token").body(form).send();
    assert_eq!(post(&client).await.unwrap().status(), 404);
    let (client, _) = with(Tokens::new().user("alice", "s3cret").post()).await;
    let given = json(post(&client).await.unwrap()).await;
    assert_eq!(
        list(&client, given["access_token"].as_str().unwrap()).await,
        404
    );
    assert_eq!(given["expires_in"], 300);
}

#[tokio::test]
async fn a_token_dies_in_the_middle_of_a_body() {
    let (client, _) = with(Tokens::new().tires_in(Route::Patch)).await;
    let scope = "scope=repository:app:pull,push";
    let first = token(&client, scope).await;
    let open = client
        .request(Method::POST, "/v2/app/blobs/uploads/")
        .bearer_auth(&first);
    let session = crate::client::location(&open.send().await.unwrap());
    let patch = client.request(Method::PATCH, &session).bearer_auth(&first);
    let refused = patch.body(vec![7; 120_000]).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    let second = token(&client, scope).await;
    let status = client
        .request(Method::GET, &session)
        .bearer_auth(&second)
        .send()
        .await
        .unwrap();
    assert_eq!(status.headers()["range"], "0-49999");
}
