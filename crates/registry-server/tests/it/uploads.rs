use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use transship_oci::{Algorithm, Digest};
use transship_registry_server::{Registry, Settings};

use crate::support::{Running, code, store, text};

async fn patch(registry: &Running, at: &str, range: &str, content: &[u8]) -> Response {
    let request = registry.request(Method::PATCH, at);
    let request = request
        .header("content-range", range)
        .body(content.to_vec());
    request.send().await.unwrap()
}

async fn close(registry: &Running, at: &str, digest: &Digest, rest: &[u8]) -> Response {
    let path = format!("{at}?digest={digest}");
    let request = registry.request(Method::PUT, &path).body(rest.to_vec());
    request.send().await.unwrap()
}

#[tokio::test]
async fn chunks_are_taken_in_order_only() {
    for registry in Running::everywhere().await {
        let at = registry.session("a").await;
        let first = patch(&registry, &at, "0-2", b"abc").await;
        assert_eq!(first.status(), StatusCode::ACCEPTED);
        assert_eq!(text(first.headers(), "range"), "0-2");
        for range in ["0-2", "4-6", "2-4"] {
            let response = patch(&registry, &at, range, b"xyz").await;
            assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
            assert_eq!(text(response.headers(), "range"), "0-2");
            assert_eq!(text(response.headers(), "location"), at);
        }
        let status = registry.get(&at).await;
        assert_eq!(status.status(), StatusCode::NO_CONTENT);
        assert_eq!(text(status.headers(), "range"), "0-2");
        assert_eq!(patch(&registry, &at, "3-5", b"def").await.status(), 202);
        let digest = Digest::sha256(b"abcdefg");
        let done = close(&registry, &at, &digest, b"g").await;
        assert_eq!(done.status(), StatusCode::CREATED);
        let location = text(done.headers(), "location");
        assert_eq!(
            registry.get(location).await.bytes().await.unwrap(),
            "abcdefg"
        );
        assert_eq!(registry.get(&at).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_chunk_that_is_not_as_long_as_it_says_is_refused() {
    let registry = Running::memory().await;
    let at = registry.session("a").await;
    let wrong = patch(&registry, &at, "0-9", b"abc").await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(wrong).await, "SIZE_INVALID");
    let odd = patch(&registry, &at, "all of it", b"abc").await;
    assert_eq!(code(odd).await, "BLOB_UPLOAD_INVALID");
    assert_eq!(text(registry.get(&at).await.headers(), "range"), "0-0");
}

#[tokio::test]
async fn a_wrong_digest_ends_the_upload() {
    for registry in Running::everywhere().await {
        let at = registry.session("a").await;
        let wrong = Digest::sha256(b"something else");
        let refused = close(&registry, &at, &wrong, b"content").await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(code(refused).await, "DIGEST_INVALID");
        assert_eq!(registry.get(&at).await.status(), StatusCode::NOT_FOUND);
        let blob = registry.head(&format!("/v2/a/blobs/{wrong}")).await;
        assert_eq!(blob.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_digest_may_be_of_another_kind_than_the_session() {
    for registry in Running::everywhere().await {
        let content = vec![7; 3_000_000];
        let digest = Digest::of(Algorithm::Sha512, &content);
        for query in ["", "?digest-algorithm=sha512"] {
            let path = format!("/v2/a/blobs/uploads/{query}");
            let opened = registry.request(Method::POST, &path).send().await.unwrap();
            let at = text(opened.headers(), "location").to_owned();
            let range = format!("0-{}", content.len() - 1);
            assert_eq!(patch(&registry, &at, &range, &content).await.status(), 202);
            let done = close(&registry, &at, &digest, b"").await;
            assert_eq!(done.status(), StatusCode::CREATED);
            let location = text(done.headers(), "location").to_owned();
            assert_eq!(
                registry.get(&location).await.bytes().await.unwrap(),
                content
            );
            assert_eq!(registry.delete(&location).await, StatusCode::ACCEPTED);
        }
        let odd = registry.request(Method::POST, "/v2/a/blobs/uploads/?digest-algorithm=md5");
        assert_eq!(odd.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_gone() {
    for registry in Running::everywhere().await {
        let at = registry.session("a").await;
        patch(&registry, &at, "0-2", b"abc").await;
        // It belongs to its repository.
        let elsewhere = at.replace("/v2/a/", "/v2/b/");
        assert_eq!(
            registry.get(&elsewhere).await.status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(registry.delete(&at).await, StatusCode::NO_CONTENT);
        let gone = registry.get(&at).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        assert_eq!(code(gone).await, "BLOB_UPLOAD_UNKNOWN");
        for id in ["x", "../../index.json", "%2e%2e%2findex.json"] {
            let path = format!("/v2/a/blobs/uploads/{id}");
            assert_eq!(
                registry.get(&path).await.status(),
                StatusCode::NOT_FOUND,
                "{id}"
            );
        }
    }
}

/// Sends the head of a request and a part of its body, and leaves the connection open.
async fn half(registry: &Running, at: &str, length: usize, content: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(registry.server.local_addr())
        .await
        .unwrap();
    let head = format!("PATCH {at} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(content).await.unwrap();
    stream
}

/// Asks until the session holds so many bytes.
async fn wait_for(registry: &Running, at: &str, range: &str) {
    while text(registry.get(at).await.headers(), "range") != range {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_came_before_a_cut_stays() {
    for registry in Running::everywhere().await {
        let at = registry.session("a").await;
        let stream = half(&registry, &at, 10, b"abcd").await;
        wait_for(&registry, &at, "0-3").await;
        drop(stream);
        assert_eq!(patch(&registry, &at, "4-5", b"ef").await.status(), 202);
        let done = close(&registry, &at, &Digest::sha256(b"abcdef"), b"").await;
        assert_eq!(done.status(), StatusCode::CREATED);
    }
}

#[tokio::test]
async fn who_comes_again_takes_the_upload_over() {
    for registry in Running::everywhere().await {
        let at = registry.session("a").await;
        // This connection is never closed: the server cannot know that nobody is there.
        let mut stalled = half(&registry, &at, 10, b"abcd").await;
        wait_for(&registry, &at, "0-3").await;
        assert_eq!(patch(&registry, &at, "4-5", b"ef").await.status(), 202);
        let mut answer = vec![0; 12];
        stalled.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 409");
        let done = close(&registry, &at, &Digest::sha256(b"abcdef"), b"").await;
        assert_eq!(done.status(), StatusCode::CREATED);
    }
}

#[tokio::test]
async fn limits_hold() {
    let settings = Settings {
        max_blob: 10,
        max_uploads: 2,
        chunk_min: Some(5),
        ..Settings::default()
    };
    let registry = Running::start(Registry::new(store()).settings(settings)).await;
    let opened = registry.request(Method::POST, "/v2/a/blobs/uploads/");
    let opened = opened.send().await.unwrap();
    assert_eq!(text(opened.headers(), "oci-chunk-min-length"), "5");
    let at = text(opened.headers(), "location").to_owned();
    let over = patch(&registry, &at, "0-10", b"elevenbytes").await;
    assert_eq!(over.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(over).await, "SIZE_INVALID");

    // Without a length the limit is found on the way.
    let body = reqwest::Body::wrap_stream(futures::stream::iter([
        Ok::<_, std::io::Error>("eleven"),
        Ok("bytes"),
    ]));
    let request = registry.request(Method::PATCH, &at).body(body);
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );

    registry.session("a").await;
    let third = registry.request(Method::POST, "/v2/a/blobs/uploads/");
    let third = third.send().await.unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(text(third.headers(), "retry-after"), "1");
    assert_eq!(code(third).await, "TOOMANYREQUESTS");
    assert_eq!(registry.delete(&at).await, StatusCode::NO_CONTENT);
    registry.session("a").await;
}

#[tokio::test]
async fn who_stays_away_too_long_loses_the_upload() {
    let settings = Settings {
        max_uploads: 1,
        upload_idle: Duration::from_hours(1),
        ..Settings::default()
    };
    let registry = Running::start(Registry::new(store()).settings(settings)).await;
    let at = registry.session("a").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(59)).await;
    tokio::time::resume();
    assert_eq!(patch(&registry, &at, "0-0", b"a").await.status(), 202);
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(61)).await;
    tokio::time::resume();
    assert_eq!(registry.get(&at).await.status(), StatusCode::NOT_FOUND);
    // Its room is there for others.
    registry.session("a").await;
}
