//! Habits of registries.

use std::sync::Arc;

use reqwest::Method;
use transship_oci::{Descriptor, Digest, Tag};
use transship_testkit::{
    fault::{Quirk, quirks::*},
    image::Graph,
};

use crate::client::{Client, empty_index, json, location};

fn one(quirk: impl Quirk + 'static) -> Vec<Arc<dyn Quirk>> {
    vec![Arc::new(quirk)]
}

/// An artifact and a referrer of it.
fn signed() -> (Graph, Descriptor, Descriptor) {
    let mut graph = Graph::new();
    let app = graph.artifact("application/vnd.example.app", b"app");
    let signature = graph.attach(&app, "application/vnd.example.signature", b"signed");
    graph.tag("1", &app);
    (graph, app, signature)
}

#[tokio::test]
async fn locations_are_written_in_every_style() {
    for (style, start) in [
        (LocationStyle::Relative, "/v2/"),
        (LocationStyle::Absolute, "http://FRONT/v2/"),
        (LocationStyle::WithQuery, "/v2/"),
        (LocationStyle::OtherHost, "http://BACK/v2/"),
    ] {
        let client = Client::new(one(style)).await;
        let start = start
            .replace("FRONT", client.registry.host())
            .replace("BACK", client.registry.storage_host());
        let session = client.open().await;
        assert!(session.starts_with(&start), "{style:?}: {session}");
        let patch = client
            .request(Method::PATCH, &session)
            .body("abc")
            .send()
            .await
            .unwrap();
        assert_eq!(patch.status(), 202, "{style:?}");
        let session = if style == LocationStyle::OtherHost {
            session
        } else {
            location(&patch)
        };
        let put = client.close(&session, &Digest::sha256(b"abc")).await;
        assert_eq!(put.status(), 201, "{style:?}");
    }
}

#[tokio::test]
async fn a_query_must_come_back_as_it_was() {
    let client = Client::new(one(LocationStyle::WithQuery)).await;
    let session = client.open().await;
    let changed = session.replace("%2F", "/");
    assert_ne!(changed, session);
    let patch = client
        .request(Method::PATCH, &changed)
        .body("abc")
        .send()
        .await
        .unwrap();
    assert_eq!(patch.status(), 404);
}

#[tokio::test]
async fn another_host_takes_no_credentials() {
    let client = Client::new(one(LocationStyle::OtherHost)).await;
    let session = client.open().await;
    let patch = client
        .request(Method::PATCH, &session)
        .bearer_auth("x")
        .body("abc");
    assert_eq!(patch.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_old_session_address_is_refused_until_it_is_asked_for() {
    let client = Client::new(one(StaleState::default())).await;
    let first = client.open().await;
    let patch = |session: &str| client.request(Method::PATCH, session).body("a").send();
    assert_eq!(patch(&first).await.unwrap().status(), 202);
    let stale = patch(&first).await.unwrap();
    assert_eq!(stale.status(), 416);
    assert!(!stale.headers().contains_key("location"));
    let status = client.get(&first).await;
    assert_eq!(status.headers()["range"], "0-0");
    let newest = location(&status);
    assert_eq!(patch(&newest).await.unwrap().status(), 202);
    assert_eq!(
        client.close(&newest, &Digest::sha256(b"aa")).await.status(),
        416
    );
    let newest = location(&client.get(&newest).await);
    assert_eq!(
        client.close(&newest, &Digest::sha256(b"aa")).await.status(),
        201
    );
}

#[tokio::test]
async fn nothing_and_one_byte_look_alike() {
    let client = Client::new(one(RangeZero)).await;
    let session = client.open().await;
    assert_eq!(client.get(&session).await.headers()["range"], "0-0");
    client
        .request(Method::PATCH, &session)
        .body("a")
        .send()
        .await
        .unwrap();
    assert_eq!(client.get(&session).await.headers()["range"], "0-0");
}

#[tokio::test]
async fn mounts_are_answered_as_told() {
    let path = format!(
        "/v2/other/blobs/uploads/?from=app&mount={}",
        Digest::sha256(b"abc")
    );
    let plain = Client::new(vec![]).await;
    plain.put_blob(b"abc").await;
    let answer = plain.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let session = Client::new(one(Mount::Session)).await;
    session.put_blob(b"abc").await;
    let answer = session.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    assert!(location(&answer).contains("/uploads/"));
    for status in [401, 403, 404, 405] {
        let client = Client::new(one(Mount::Refused(status))).await;
        client.put_blob(b"abc").await;
        let answer = client.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn the_referrers_api_is_missing_or_lies() {
    let (graph, app, signature) = signed();
    let path = format!("/v2/app/referrers/{}", app.digest);
    let table = [
        (Referrers::Missing, 404, "text/plain; charset=utf-8", false),
        (Referrers::NotAllowed, 405, "text/plain", false),
        (Referrers::Html, 200, "text/html", false),
        (Referrers::Lie, 404, "text/plain; charset=utf-8", true),
    ];
    for (quirk, status, media_type, said) in table {
        let client = Client::new(one(quirk)).await;
        client.push(&graph).await;
        let manifest = graph.manifest(&signature.digest).unwrap();
        let put = client
            .put_manifest(&signature.digest.to_string(), manifest)
            .await;
        assert_eq!(put.headers().contains_key("oci-subject"), said, "{quirk:?}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status(), status, "{quirk:?}");
        assert_eq!(answer.headers()["content-type"], media_type, "{quirk:?}");
    }
    let client = Client::new(one(Referrers::NullList)).await;
    let none = client.get(&path).await.text().await.unwrap();
    assert!(none.contains(r#""manifests":null"#), "{none}");
    client.push(&graph).await;
    let some = client.get(&path).await.text().await.unwrap();
    assert!(some.contains(&signature.digest.to_string()), "{some}");
}

#[tokio::test]
async fn the_fallback_tag_holds_something_else() {
    let (graph, app, _) = signed();
    let tag = Tag::fallback(&app.digest);
    let path = format!("/v2/app/manifests/{tag}");
    let manifest = graph.manifest(&app.digest).unwrap();
    for (quirk, subject) in [(FallbackTag::Subject, true), (FallbackTag::Stranger, false)] {
        let client = Client::new(one(quirk)).await;
        client.push(&graph).await;
        let head = client.head(&path).await;
        assert_eq!(head.status(), 200, "{quirk:?}");
        let digest = head.headers()["docker-content-digest"]
            .to_str()
            .unwrap()
            .to_owned();
        let found = client.get(&path).await.bytes().await.unwrap();
        assert_eq!(Digest::sha256(&found).to_string(), digest, "{quirk:?}");
        assert_eq!(found == manifest.bytes(), subject, "{quirk:?}");
        client.put_manifest(tag.as_str(), &empty_index()).await;
        let found = client.get(&path).await.bytes().await.unwrap();
        assert_eq!(
            found,
            empty_index().bytes(),
            "{quirk:?}: what is there wins"
        );
    }
}

#[tokio::test]
async fn another_writer_overwrites_the_fallback_tag() {
    let (mut graph, app, signature) = signed();
    let tag = Tag::fallback(&app.digest);
    let client = Client::new(vec![
        Arc::new(Referrers::Missing),
        Arc::new(ConcurrentWriter::new(1)),
    ])
    .await;
    client.push(&graph).await;
    let ours = graph.fallback_index(&app);
    let ours = graph.manifest(&ours.digest).unwrap();
    let path = format!("/v2/app/manifests/{tag}");
    assert_eq!(client.put_manifest(tag.as_str(), ours).await.status(), 201);
    let found = client.get(&path).await.text().await.unwrap();
    assert!(found.contains(ConcurrentWriter::OTHER), "{found}");
    assert!(!found.contains(&signature.digest.to_string()), "{found}");
    assert_eq!(client.put_manifest(tag.as_str(), ours).await.status(), 201);
    let found = client.get(&path).await.bytes().await.unwrap();
    assert_eq!(found, ours.bytes(), "once only");
}

#[tokio::test]
async fn manifests_come_in_the_registrys_order() {
    let (graph, app, signature) = signed();
    let put = |client: &Client, name: String, digest: Digest| {
        let manifest = graph.manifest(&digest).unwrap().clone();
        let path = format!("/v2/app/manifests/{name}");
        let request = client.request(Method::PUT, &path);
        let request = request.header("content-type", manifest.media_type());
        request.body(manifest.bytes().clone()).send()
    };
    let client = Client::new(one(Order::SubjectFirst)).await;
    for bytes in graph.blobs().values() {
        client.put_blob(bytes).await;
    }
    let name = |node: &Descriptor| node.digest.to_string();
    let early = put(&client, name(&signature), signature.digest)
        .await
        .unwrap();
    assert_eq!(early.status(), 400);
    assert_eq!(
        put(&client, name(&app), app.digest).await.unwrap().status(),
        201
    );
    assert_eq!(
        put(&client, name(&signature), signature.digest)
            .await
            .unwrap()
            .status(),
        201
    );

    let client = Client::new(one(Order::referrer_before_tag())).await;
    let index = empty_index();
    assert_eq!(client.put_manifest("1", &index).await.status(), 400);
    assert_eq!(
        client
            .put_manifest(&index.digest().to_string(), &index)
            .await
            .status(),
        201
    );
    let mut graph = Graph::new();
    let index_node = graph.add(index.clone());
    graph.attach(&index_node, "application/vnd.example.signature", b"s");
    client.push(&graph).await;
    assert_eq!(client.put_manifest("1", &index).await.status(), 201);
}

#[tokio::test]
async fn tags_do_not_move() {
    let client = Client::new(one(Immutable::Always)).await;
    assert_eq!(client.put_manifest("1", &empty_index()).await.status(), 201);
    assert_eq!(client.put_manifest("1", &empty_index()).await.status(), 400);
    let client = Client::new(one(Immutable::AfterTheFact)).await;
    assert_eq!(client.put_manifest("1", &empty_index()).await.status(), 400);
    assert_eq!(client.head("/v2/app/manifests/1").await.status(), 200);
    let client = Client::new(one(MovingTag::after(1))).await;
    let (graph, app, _) = signed();
    client.push(&graph).await;
    let digest = |answer: &reqwest::Response| answer.headers()["docker-content-digest"].clone();
    assert_eq!(
        digest(&client.head("/v2/app/manifests/1").await),
        app.digest.to_string().as_str()
    );
    let moved = client.get("/v2/app/manifests/1").await;
    let said = digest(&moved);
    assert_ne!(said, app.digest.to_string().as_str());
    let body = moved.bytes().await.unwrap();
    assert_eq!(said, Digest::sha256(&body).to_string().as_str());
}

#[tokio::test]
async fn bodies_have_a_limit() {
    use transship_testkit::fault::Route;
    let client = Client::new(one(MaxBody::new([Route::PutManifest, Route::Patch], 34))).await;
    assert_eq!(empty_index().bytes().len(), 34);
    assert_eq!(client.put_manifest("1", &empty_index()).await.status(), 201);
    let session = client.open().await;
    let body = |size: usize| {
        reqwest::Body::wrap(http_body_util::Full::new(bytes::Bytes::from(vec![0; size])))
    };
    let chunked = client.request(Method::PATCH, &session).body(body(35));
    assert_eq!(chunked.send().await.unwrap().status(), 413);
    let chunked = client.request(Method::PATCH, &session).body(body(34));
    assert_eq!(chunked.send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn lists_are_long_or_in_pages() {
    for (paging, start) in [
        (Paging::relative(2), "</v2/"),
        (Paging::absolute(2), "<http://127.0.0.1:"),
    ] {
        let client = Client::new(one(paging)).await;
        for tag in ["a", "b", "c"] {
            client.put_manifest(tag, &empty_index()).await;
        }
        let first = client.get("/v2/app/tags/list").await;
        let link = first.headers()["link"].to_str().unwrap().to_owned();
        assert!(
            link.starts_with(start) && link.ends_with("; rel=\"next\""),
            "{link}"
        );
        assert!(first.text().await.unwrap().contains(r#"["a","b"]"#));
        let next = link.trim_start_matches('<').split('>').next().unwrap();
        let last = client.get(next).await;
        assert!(!last.headers().contains_key("link"));
        assert!(last.text().await.unwrap().contains(r#"["c"]"#));
    }
    let client = Client::new(one(ManyTags(100_000))).await;
    client.put_manifest("a", &empty_index()).await;
    let list = json(client.get("/v2/app/tags/list").await).await;
    let tags = list["tags"].as_array().unwrap();
    assert_eq!(
        (tags.len(), &tags[0], &tags[100_000]),
        (100_001, &"a".into(), &"t099999".into())
    );
}

#[tokio::test]
async fn blobs_are_somewhere_else() {
    let client = Client::new(one(Redirect::Storage)).await;
    let path = format!("/v2/app/blobs/{}", client.put_blob(b"hello").await);
    let sent = client.get(&path).await;
    assert_eq!(sent.status(), 307);
    let target = location(&sent);
    assert!(target.contains(client.registry.storage_host()) && target.contains("Signature="));
    let refused = client
        .request(Method::GET, &target)
        .bearer_auth("t")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(client.get(&target).await.text().await.unwrap(), "hello");
    let client = Client::new(one(Redirect::Loop)).await;
    let again = location(&client.get("/v2/app/blobs/sha256:0").await);
    assert_eq!(again, "/v2/app/blobs/sha256:0?hop=1");
    assert_eq!(
        location(&client.get(&again).await),
        "/v2/app/blobs/sha256:0?hop=2"
    );
}
