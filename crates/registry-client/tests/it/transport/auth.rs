//! How a registry lets us in.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::response::Response;
use futures::future::join_all;
use transship_oci::{
    Digest, ErrorKind, Name, Placement, RawManifest, Side, Sink as _, Source as _, media_type,
};
use transship_registry_client::credentials::Credential;

use super::fake::{Fake, Seen, anonymous, client_of, client_with, json, manifest, status, with};

/// `alice:s3cret`
const BASIC: &str = "Basic YWxpY2U6czNjcmV0";

fn tag(text: &str) -> Name {
    Name::Tag(text.parse().unwrap())
}

/// A registry with tokens: each is good for the scopes that it was asked for, and says so in its text.
fn with_tokens(
    rest: impl Fn(&Seen) -> Response + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Response {
    move |seen| {
        if seen.path == "/token" {
            let scopes = seen.params("scope").join(" ");
            return json(
                200,
                &format!(r#"{{"token":"for {scopes}","expires_in":300}}"#).replace("for ", "for."),
            );
        }
        match &seen.authorization {
            Some(token) if token.starts_with("Bearer for.") => rest(seen),
            _ => challenge(),
        }
    }
}

fn challenge() -> Response {
    with(
        401,
        &[(
            "www-authenticate",
            "Bearer realm=\"/token\",service=\"fake\"",
        )],
    )
}

#[tokio::test]
async fn sixteen_at_once_need_one_token() {
    let fake = Fake::start(with_tokens(|_| manifest())).await;
    let source = fake.source(&anonymous(), "app");
    let name = tag("1");
    let all = join_all((0..16).map(|_| source.fetch(&name))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(fake.count("/token"), 1);
    assert_eq!(fake.count("/v2/"), 0, "nobody asks /v2/ first");
    // From now on nobody is turned away any more.
    let before = fake.seen().len();
    source.fetch(&name).await.unwrap();
    assert_eq!(fake.seen().len(), before + 1);
}

#[tokio::test]
async fn another_repository_goes_straight_to_the_token_endpoint() {
    let fake = Fake::start(with_tokens(|_| manifest())).await;
    let client = anonymous();
    fake.source(&client, "one").fetch(&tag("1")).await.unwrap();
    fake.source(&client, "two").fetch(&tag("1")).await.unwrap();
    assert_eq!(
        fake.lines(),
        [
            "GET /v2/one/manifests/1",
            "GET /token",
            "GET /v2/one/manifests/1",
            "GET /token",
            "GET /v2/two/manifests/1",
        ]
    );
    let asked = &fake.seen()[3];
    assert_eq!(asked.params("scope"), ["repository:two:pull"]);
    assert_eq!(asked.params("service"), ["fake"]);
}

#[tokio::test]
async fn a_token_to_push_is_good_to_pull() {
    let fake = Fake::start(with_tokens(|seen| match seen.method.as_str() {
        "PUT" => status(201),
        _ => manifest(),
    }))
    .await;
    let client = anonymous();
    let target = fake.repository(&client, "app", Side::Target);
    let raw = RawManifest::named(media_type::OCI_INDEX, super::fake::MANIFEST.into()).unwrap();
    target.put_manifest(&raw).await.unwrap();
    fake.source(&client, "app").fetch(&tag("1")).await.unwrap();
    assert_eq!(fake.count("/token"), 1);
}

#[tokio::test]
async fn a_mount_asks_for_both_repositories_the_target_first() {
    let fake = Fake::start(with_tokens(|seen| match seen.method.as_str() {
        "POST" => with(201, &[("location", "/v2/dst/blobs/x")]),
        _ => status(404),
    }))
    .await;
    let client = anonymous();
    let target = fake.repository(&client, "dst", Side::Target);
    let bytes = bytes::Bytes::from_static(b"hello");
    let descriptor = transship_oci::Descriptor::of(media_type::OCI_LAYER, &bytes);
    let blob = transship_oci::MemoryBlob::new(descriptor, bytes);
    let from = transship_oci::Repository::new(&fake.host(), "src").unwrap();
    let placement = Placement {
        mount_from: Some(from),
        absent: true,
    };
    target.put_blob(&blob, &placement).await.unwrap();
    let token = fake
        .seen()
        .into_iter()
        .find(|seen| seen.path == "/token")
        .unwrap();
    assert_eq!(
        token.params("scope"),
        ["repository:dst:pull,push", "repository:src:pull"]
    );
}

#[tokio::test]
async fn a_password_is_shown_to_the_token_endpoint_only() {
    let fake = Fake::start(with_tokens(|_| manifest())).await;
    let client = client_of(&fake.host(), "alice", "s3cret");
    fake.source(&client, "app").fetch(&tag("1")).await.unwrap();
    let shown: Vec<_> = fake
        .seen()
        .into_iter()
        .map(|seen| seen.authorization)
        .collect();
    assert_eq!(
        shown,
        [
            None,
            Some(BASIC.to_owned()),
            Some("Bearer for.repository:app:pull".to_owned())
        ]
    );
    assert_eq!(fake.seen()[1].params("account"), ["alice"]);
}

#[tokio::test]
async fn basic_is_shown_from_the_second_request_on() {
    let fake = Fake::start(|seen| match seen.authorization.as_deref() {
        Some(BASIC) => manifest(),
        _ => with(401, &[("www-authenticate", "Basic realm=\"x\"")]),
    })
    .await;
    let client = client_of(&fake.host(), "alice", "s3cret");
    let source = fake.source(&client, "app");
    source.fetch(&tag("1")).await.unwrap();
    source.fetch(&tag("2")).await.unwrap();
    assert_eq!(fake.seen().len(), 3);
    assert_eq!(
        client.ping(&fake.host()).await.unwrap().who.as_deref(),
        Some("user alice from the test")
    );
}

#[tokio::test]
async fn a_refusal_names_who_was_refused() {
    let basic = Fake::start(|_| with(401, &[("www-authenticate", "Basic realm=\"x\"")])).await;
    let client = client_of(&basic.host(), "alice", "wr0ng");
    let error = basic
        .source(&client, "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        error.message(),
        "the registry answered 401 Unauthorized; asked as user alice from the test"
    );
    assert_eq!(basic.seen().len(), 2, "a wrong password is not tried again");

    let error = basic
        .source(&anonymous(), "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        format!(
            "the registry wants a login, and there is none for {}",
            basic.host()
        )
    );

    let closed = Fake::start(|seen| match seen.path.as_str() {
        "/token" => json(403, r#"{"errors":[{"code":"DENIED","message":"go away"}]}"#),
        _ => challenge(),
    })
    .await;
    let error = closed
        .source(&anonymous(), "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        "the registry answered 403 Forbidden (DENIED: go away); asked as anonymous"
    );
}

#[tokio::test]
async fn not_found_names_who_asked() {
    let fake = Fake::start(with_tokens(|_| status(404))).await;
    let client = client_of(&fake.host(), "alice", "s3cret");
    let error = fake
        .source(&client, "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .contains("asked as user alice from the test"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_ran_out_is_replaced_whatever_the_status() {
    let expired =
        r#"{"errors":[{"code":"DENIED","message":"Your Authorization Token has expired"}]}"#;
    for code in [401, 400] {
        let fresh = AtomicU32::new(0);
        let fake =
            Fake::start(
                move |seen| match (seen.path.as_str(), seen.authorization.as_deref()) {
                    ("/token", _) => {
                        let number = fresh.fetch_add(1, Ordering::SeqCst);
                        json(200, &format!(r#"{{"access_token":"t{number}"}}"#))
                    }
                    ("/v2/app/manifests/late", Some("Bearer t0")) => json(code, expired),
                    (_, Some(_)) => manifest(),
                    (_, None) => challenge(),
                },
            )
            .await;
        let source = fake.source(&anonymous(), "app");
        source.fetch(&tag("1")).await.unwrap();
        let name = tag("late");
        let all = join_all((0..8).map(|_| source.fetch(&name))).await;
        assert!(all.iter().all(Result::is_ok), "{code}");
        assert_eq!(fake.count("/token"), 2, "{code}: one more for all of them");
    }
}

#[tokio::test]
async fn a_scope_that_is_missing_is_asked_for_once_and_then_named() {
    let hard = "Bearer realm=\"/token\",service=\"fake\",scope=\"repository:app:pull,push repository:base:pull\",error=\"insufficient_scope\"";
    let fake = Fake::start(
        move |seen| match (seen.path.as_str(), &seen.authorization) {
            ("/token", _) => json(200, r#"{"token":"weak"}"#),
            (_, None) => challenge(),
            (_, Some(_)) => with(401, &[("www-authenticate", hard)]),
        },
    )
    .await;
    let client = client_of(&fake.host(), "alice", "s3cret");
    let error = fake
        .source(&client, "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        "the registry wants scope repository:app:pull,push repository:base:pull, which it does not grant to user alice from the test"
    );
    let tokens: Vec<_> = fake
        .seen()
        .into_iter()
        .filter(|seen| seen.path == "/token")
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(
        tokens[1].params("scope"),
        ["repository:app:pull,push", "repository:base:pull"]
    );
}

#[tokio::test]
async fn an_identity_token_is_posted() {
    let fake = Fake::start(|seen| match (seen.line().as_str(), &seen.authorization) {
        ("POST /token", _) => json(200, r#"{"access_token":"t"}"#),
        (_, Some(_)) => manifest(),
        (_, None) => challenge(),
    })
    .await;
    let client = client_with(
        &fake.host(),
        Credential::Identity {
            token: "idt".into(),
        },
    );
    fake.source(&client, "app").fetch(&tag("1")).await.unwrap();
    let posted = &fake.seen()[1];
    assert_eq!(
        posted.body,
        "client_id=transship&service=fake&scope=repository%3Aapp%3Apull&grant_type=refresh_token&refresh_token=idt"
    );
    assert_eq!(posted.query, "");
}

#[tokio::test]
async fn where_post_is_unknown_it_is_got_and_the_other_way_round() {
    for refusal in [404, 405, 401] {
        let fake = Fake::start(
            move |seen| match (seen.line().as_str(), &seen.authorization) {
                ("POST /token", _) => status(refusal),
                ("GET /token", Some(_)) => json(200, r#"{"token":"t"}"#),
                (_, Some(_)) => manifest(),
                (_, None) => challenge(),
            },
        )
        .await;
        let client = client_with(
            &fake.host(),
            Credential::Identity {
                token: "idt".into(),
            },
        );
        fake.source(&client, "app").fetch(&tag("1")).await.unwrap();
        assert_eq!(fake.lines()[1..3], ["POST /token", "GET /token"]);
    }
    let fake = Fake::start(|seen| match (seen.line().as_str(), &seen.authorization) {
        ("GET /token", _) => status(405),
        ("POST /token", None) => json(200, r#"{"token":"t"}"#),
        (_, Some(_)) => manifest(),
        (_, None) => challenge(),
    })
    .await;
    let client = client_of(&fake.host(), "alice", "s3cret");
    fake.source(&client, "app").fetch(&tag("1")).await.unwrap();
    assert!(
        String::from_utf8_lossy(&fake.seen()[2].body)
            .contains("grant_type=password&username=alice")
    );
}

#[tokio::test]
async fn a_token_endpoint_that_is_busy_is_waited_for() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let fake = Fake::start(
        move |seen| match (seen.path.as_str(), &seen.authorization) {
            ("/token", _) if count.fetch_add(1, Ordering::SeqCst) == 0 => {
                with(429, &[("retry-after", "0")])
            }
            ("/token", _) => json(200, r#"{"token":"t"}"#),
            (_, Some(_)) => manifest(),
            (_, None) => challenge(),
        },
    )
    .await;
    let raw = fake
        .source(&anonymous(), "app")
        .fetch(&tag("1"))
        .await
        .unwrap();
    assert_eq!(
        raw.digest(),
        Digest::sha256(super::fake::MANIFEST.as_bytes())
    );
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_challenge_without_a_way_in_is_an_error() {
    let fake = Fake::start(|_| with(401, &[("www-authenticate", "Bearer service=x")])).await;
    let error = fake
        .source(&anonymous(), "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "the registry wants a token and does not say from where"
    );
    let fake = Fake::start(|_| status(401)).await;
    let error = fake
        .source(&anonymous(), "app")
        .fetch(&tag("1"))
        .await
        .unwrap_err();
    assert_eq!(error.message(), "the registry answered 401 Unauthorized");
    assert_eq!(fake.seen().len(), 1);
}
