//! Faults strike where they should, and the log says what happened.

use std::time::Duration;

use reqwest::Method;
use transship_oci::Digest;
use transship_testkit::{
    fault::{Action, Answer, Hold, Route, on},
    image::layer::noise_bytes,
};

use crate::client::{Client, empty_index, location};

#[tokio::test]
async fn requests_are_counted_by_class_with_their_bytes() {
    let client = Client::new(vec![]).await;
    let digest = client.put_blob(b"hello").await;
    let path = format!("/v2/app/blobs/{digest}");
    assert_eq!(client.get(&path).await.bytes().await.unwrap(), "hello");
    assert_eq!(client.head(&path).await.status(), 200);
    assert_eq!(client.get("/v2/app/manifests/1").await.status(), 404);
    let counts: Vec<_> = client.registry.counts().into_iter().collect();
    let wanted = [
        ("get-blob", 1),
        ("get-manifest", 1),
        ("head-blob", 1),
        ("post-upload", 1),
    ];
    assert_eq!(counts, wanted);
    assert_eq!(client.registry.total(), 4);
    let seen = client.registry.seen();
    assert_eq!((seen[0].received, seen[0].status), (5, 201));
    assert_eq!(seen[0].query, format!("digest={digest}"));
    assert_eq!((seen[1].sent, seen[1].path.as_str()), (5, path.as_str()));
    assert_eq!(seen[2].sent, 0);
    client.registry.forget();
    assert_eq!(client.registry.total(), 0);
}

#[tokio::test]
async fn an_answer_is_given_to_the_chosen_requests_only() {
    let answer = Answer::error(429, "TOOMANYREQUESTS", "slow").retry_at(60);
    let client = Client::new(vec![on(Route::HeadManifest).nth(2).answer(answer)]).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = client.head("/v2/app/manifests/1").await;
        statuses.push(answer.status().as_u16());
        if answer.status() == 429 {
            let date = answer.headers()["retry-after"].to_str().unwrap();
            assert!(date.ends_with(" GMT"), "{date}");
        }
    }
    assert_eq!(statuses, [404, 429, 404]);
}

#[tokio::test]
async fn half_a_patch_lands_and_the_connection_is_gone() {
    let bytes = noise_bytes(1, 200_000);
    let client = Client::new(vec![on(Route::Patch).first(1).cut_request(50_000)]).await;
    let session = client.open().await;
    let patch = |body: bytes::Bytes| client.request(Method::PATCH, &session).body(body).send();
    assert!(patch(bytes.clone()).await.is_err());
    let status = client.get(&session).await;
    assert_eq!(status.headers()["range"], "0-49999");
    let session = location(&status);
    let rest = client
        .request(Method::PATCH, &session)
        .body(bytes.slice(50_000..));
    let answer = rest.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let digest = Digest::sha256(&bytes);
    assert_eq!(
        client.close(&location(&answer), &digest).await.status(),
        201
    );
    assert_eq!(client.registry.seen()[1].status, 0, "no answer was given");
}

#[tokio::test]
async fn a_patch_waits_in_the_middle_until_it_is_let_through() {
    let bytes = noise_bytes(1, 200_000);
    let hold = Hold::new();
    let client = Client::new(vec![on(Route::Patch).stall_request(50_000, &hold)]).await;
    let session = client.open().await;
    let patch = client.request(Method::PATCH, &session).body(bytes.clone());
    let answer = tokio::spawn(patch.send());
    hold.arrived().await;
    let landed = client.registry.seen()[1].received;
    assert!((50_000..200_000).contains(&landed), "{landed} bytes");
    assert!(!answer.is_finished());
    hold.release();
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.headers()["range"], "0-199999");
}

#[tokio::test]
async fn half_a_chunk_and_half_a_closing_put_land_too() {
    let bytes = noise_bytes(1, 1000);
    let client = Client::new(vec![
        on(Route::Patch).first(1).cut_request(10),
        on(Route::PutBlob)
            .first(1)
            .refuse_request(100, Answer::new(401)),
    ])
    .await;
    let session = client.open().await;
    let chunk = client
        .request(Method::PATCH, &session)
        .header("content-range", "0-99");
    assert!(chunk.body(bytes.slice(..100)).send().await.is_err());
    let status = client.get(&session).await;
    assert_eq!(status.headers()["range"], "0-9");
    let session = location(&status);
    let put = format!("{session}?digest={}", Digest::sha256(&bytes));
    let answer = client
        .request(Method::PUT, &put)
        .body(bytes.slice(10..))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        client.registry.seen()[3].received,
        990,
        "the rest was read and thrown away"
    );
    assert_eq!(client.get(&session).await.headers()["range"], "0-109");
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_work_is_done() {
    let client = Client::new(vec![on(Route::PutManifest).first(1).cut_request(u64::MAX)]).await;
    let index = empty_index();
    let request = client
        .request(Method::PUT, "/v2/app/manifests/1")
        .body(index.bytes().clone());
    assert!(
        request
            .header("content-type", index.media_type())
            .send()
            .await
            .is_err()
    );
    assert_eq!(
        client
            .get("/v2/app/manifests/1")
            .await
            .bytes()
            .await
            .unwrap(),
        index.bytes()
    );
}

#[tokio::test]
async fn an_answer_breaks_off_after_exactly_so_many_bytes() {
    let bytes = noise_bytes(2, 300_000);
    let client = Client::new(vec![on(Route::GetBlob).first(1).cut_response(123_456)]).await;
    let path = format!("/v2/app/blobs/{}", client.put_blob(&bytes).await);
    let mut answer = client.get(&path).await;
    assert_eq!(answer.headers()["content-length"], "300000");
    let mut got = Vec::new();
    let error = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            Ok(None) => panic!("ended as if nothing had happened"),
            Err(error) => break error,
        }
    };
    assert_eq!(got, bytes[..123_456], "{error}");
    assert_eq!(client.get(&path).await.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn bodies_are_corrupted_shortened_and_endless() {
    let bytes = noise_bytes(3, 1000);
    let client = Client::new(vec![
        on(Route::GetBlob).nth(1).corrupt(500),
        on(Route::GetBlob).nth(2).act(Action::Shorten { to: 10 }),
        on(Route::GetBlob).nth(3).act(Action::Endless),
        on(Route::GetBlob).nth(4).act(Action::Strip("range")),
    ])
    .await;
    let path = format!("/v2/app/blobs/{}", client.put_blob(&bytes).await);
    let corrupt = client.get(&path).await.bytes().await.unwrap();
    let differ: Vec<_> = (0..1000).filter(|at| corrupt[*at] != bytes[*at]).collect();
    assert_eq!(differ, [500]);
    assert_eq!(client.get(&path).await.bytes().await.unwrap(), bytes[..10]);
    let mut endless = client.get(&path).await;
    let mut got = 0;
    while got < 10_000_000 {
        got += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    let ranged = || {
        client
            .request(Method::GET, &path)
            .header("range", "bytes=990-")
    };
    let ignored = ranged().send().await.unwrap();
    assert_eq!(
        (ignored.status().as_u16(), ignored.content_length()),
        (200, Some(1000))
    );
    let kept = ranged().send().await.unwrap();
    assert_eq!(
        (kept.status().as_u16(), kept.content_length()),
        (206, Some(10))
    );
}

#[tokio::test]
async fn a_request_waits_at_a_door() {
    let hold = Hold::new();
    let client = Client::new(vec![on(Route::Tags).hold(&hold)]).await;
    let asked = client.get("/v2/app/tags/list");
    tokio::pin!(asked);
    tokio::select! {
        _ = &mut asked => panic!("went through a closed door"),
        () = hold.arrived() => {}
    }
    client.registry.arrived(Route::Tags, 1).await;
    client.registry.on_request(1).await;
    assert_eq!(client.registry.seen()[0].status, 0);
    hold.release();
    assert_eq!(asked.await.status(), 404);
}

#[tokio::test]
async fn headers_and_statuses_are_changed() {
    let client = Client::new(vec![
        on(Route::HeadManifest).header("docker-content-digest", None),
        on(Route::GetManifest).header("docker-content-digest", Some("sha256:no")),
        on(Route::Patch).act(Action::Relabel(201)),
        on(Route::Ping).delay(Duration::from_millis(1)),
    ])
    .await;
    client.put_manifest("1", &empty_index()).await;
    let head = client.head("/v2/app/manifests/1").await;
    assert!(!head.headers().contains_key("docker-content-digest"));
    let get = client.get("/v2/app/manifests/1").await;
    assert_eq!(get.headers()["docker-content-digest"], "sha256:no");
    let session = client.open().await;
    let patch = client
        .request(Method::PATCH, &session)
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(patch.status(), 201);
    assert_eq!(client.get("/v2/").await.status(), 200);
}
