use reqwest::{Method, StatusCode};
use transship_oci::Digest;

use crate::support::{Running, code, text};

#[tokio::test]
async fn a_blob_comes_back_byte_for_byte() {
    for registry in Running::everywhere().await {
        // Several pieces, and an odd rest.
        let content: Vec<u8> = (0..700_001_u32).map(|i| (i * 31 % 251) as u8).collect();
        let digest = registry.blob("a/b", &content).await;
        let path = format!("/v2/a/b/blobs/{digest}");
        let head = registry.head(&path).await;
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(text(head.headers(), "content-length"), "700001");
        assert_eq!(
            text(head.headers(), "docker-content-digest"),
            digest.to_string()
        );
        let get = registry.get(&path).await;
        assert_eq!(get.status(), StatusCode::OK);
        assert_eq!(text(get.headers(), "etag"), format!("\"{digest}\""));
        assert_eq!(
            text(get.headers(), "content-type"),
            "application/octet-stream"
        );
        assert_eq!(get.bytes().await.unwrap(), content);
    }
}

#[tokio::test]
async fn a_range_is_a_part() {
    for registry in Running::everywhere().await {
        let content: Vec<u8> = (0..300_000_u32).map(|i| (i % 253) as u8).collect();
        let digest = registry.blob("a", &content).await;
        let path = format!("/v2/a/blobs/{digest}");
        for (range, from, to) in [
            ("bytes=0-9", 0, 10),
            ("bytes=262140-262150", 262_140, 262_151),
            ("bytes=299999-", 299_999, 300_000),
            ("bytes=-1", 299_999, 300_000),
        ] {
            let request = registry.request(Method::GET, &path).header("range", range);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            let expected = format!("bytes {from}-{}/300000", to - 1);
            assert_eq!(text(response.headers(), "content-range"), expected);
            assert_eq!(response.bytes().await.unwrap(), content[from..to]);
        }
        let request = registry.request(Method::GET, &path);
        let response = request
            .header("range", "bytes=300000-")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(text(response.headers(), "content-range"), "bytes */300000");
    }
}

#[tokio::test]
async fn who_has_it_already_is_told_so() {
    let registry = Running::memory().await;
    let digest = registry.blob("a", b"content").await;
    let path = format!("/v2/a/blobs/{digest}");
    let conditional = |tag: String| {
        let request = registry.request(Method::GET, &path);
        request.header("if-none-match", tag).send()
    };
    let same = conditional(format!("\"{digest}\"")).await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let other = conditional(format!("\"{}\"", Digest::sha256(b"other")))
        .await
        .unwrap();
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_range_of_other_content_is_all_of_this() {
    let registry = Running::memory().await;
    let digest = registry.blob("a", b"content").await;
    let request = registry
        .request(Method::GET, &format!("/v2/a/blobs/{digest}"))
        .header("range", "bytes=0-1")
        .header("if-range", "\"sha256:other\"");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.bytes().await.unwrap(), "content");
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    for registry in Running::everywhere().await {
        let digest = registry.blob("a", b"content").await;
        let path = format!("/v2/a/blobs/{digest}");
        assert_eq!(registry.delete(&path).await, StatusCode::ACCEPTED);
        let gone = registry.get(&path).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        assert_eq!(code(gone).await, "BLOB_UNKNOWN");
        assert_eq!(registry.delete(&path).await, StatusCode::NOT_FOUND);
        assert_eq!(
            registry.head("/v2/none/blobs/sha256:12").await.status(),
            400
        );
    }
}

#[tokio::test]
async fn the_bytes_of_a_manifest_are_not_deleted_as_a_blob() {
    for registry in Running::everywhere().await {
        let digest = registry.image("a", "t", b"layer").await;
        let (blob, manifest) = (format!("/v2/a/blobs/{digest}"), "/v2/a/manifests/t");
        assert_eq!(registry.delete(&blob).await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(registry.get(manifest).await.status(), StatusCode::OK);
        let by_digest = format!("/v2/a/manifests/{digest}");
        assert_eq!(registry.delete(&by_digest).await, StatusCode::ACCEPTED);
        assert_eq!(registry.delete(&blob).await, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn a_mount_needs_no_bytes() {
    for registry in Running::everywhere().await {
        let digest = registry.blob("from/here", b"content").await;
        let mount = |query: String| {
            let path = format!("/v2/to/there/blobs/uploads/?{query}");
            registry.request(Method::POST, &path).send()
        };
        let done = mount(format!("mount={digest}&from=from/here"))
            .await
            .unwrap();
        assert_eq!(done.status(), StatusCode::CREATED);
        let location = text(done.headers(), "location");
        assert_eq!(location, format!("/v2/to/there/blobs/{digest}"));
        assert_eq!(
            registry.get(location).await.bytes().await.unwrap(),
            "content"
        );

        // Both are whole on their own.
        let source = format!("/v2/from/here/blobs/{digest}");
        assert_eq!(registry.delete(&source).await, StatusCode::ACCEPTED);
        assert_eq!(registry.head(location).await.status(), StatusCode::OK);
        let anywhere = mount(format!("mount={digest}")).await.unwrap();
        assert_eq!(anywhere.status(), StatusCode::CREATED);

        let other = Digest::sha256(b"other");
        let absent = mount(format!("mount={other}&from=from/here"))
            .await
            .unwrap();
        assert_eq!(absent.status(), StatusCode::ACCEPTED);
        let session = text(absent.headers(), "location");
        assert_eq!(registry.delete(session).await, StatusCode::NO_CONTENT);
    }
}
