use reqwest::{Method, StatusCode};
use transship_oci::{Algorithm, Digest, media_type};
use transship_registry_server::{Registry, Settings};

use crate::support::{Running, code, image_json, json, store, text};

#[tokio::test]
async fn bytes_in_are_bytes_out_whatever_is_accepted() {
    for registry in Running::everywhere().await {
        let mut odd = registry.manifest("a", b"layer", "").await;
        odd.push_str("\n\n ");
        let put = registry.put("a", "t", &odd).await;
        assert_eq!(put.status(), StatusCode::CREATED);
        let digest = Digest::sha256(odd.as_bytes());
        assert_eq!(
            text(put.headers(), "docker-content-digest"),
            digest.to_string()
        );
        let location = text(put.headers(), "location");
        assert_eq!(location, format!("/v2/a/manifests/{digest}"));
        for path in ["/v2/a/manifests/t", location] {
            for accept in ["*/*", media_type::DOCKER_MANIFEST, "text/html"] {
                let request = registry.request(Method::GET, path).header("accept", accept);
                let got = request.send().await.unwrap();
                assert_eq!(
                    text(got.headers(), "content-type"),
                    media_type::OCI_MANIFEST
                );
                assert_eq!(text(got.headers(), "etag"), format!("\"{digest}\""));
                assert_eq!(got.text().await.unwrap(), odd);
            }
            let head = registry.head(path).await;
            let length = odd.len().to_string();
            assert_eq!(text(head.headers(), "content-length"), length);
        }
    }
}

#[tokio::test]
async fn a_manifest_comes_after_what_it_is_made_of() {
    for registry in Running::everywhere().await {
        let config = registry.blob("a", b"{}").await;
        let missing = Digest::sha256(b"missing");
        let refused = registry
            .put("a", "t", &image_json(&config, &missing, 7, ""))
            .await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let body = json(refused).await;
        assert_eq!(body["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");
        let message = body["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.ends_with(&format!("names blob {missing}, which is not here")),
            "{message}"
        );
        assert_eq!(registry.get("/v2/a/manifests/t").await.status(), 404);

        let lie = image_json(&config, &config, 3, "");
        let message = json(registry.put("a", "t", &lie).await).await;
        let message = message["errors"][0]["message"].as_str().unwrap();
        assert!(message.ends_with("has 3 bytes, but it has 2"), "{message}");

        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{missing}","size":7}}]}}"#,
            media_type::OCI_MANIFEST
        );
        let request = registry.request(Method::PUT, "/v2/a/manifests/i");
        let request = request.header("content-type", media_type::OCI_INDEX);
        let refused = request.body(index).send().await.unwrap();
        assert_eq!(code(refused).await, "MANIFEST_BLOB_UNKNOWN");
    }
}

#[tokio::test]
async fn what_need_not_be_here_is_not_asked_for() {
    let registry = Running::memory().await;
    let config = registry.blob("a", b"{}").await;
    let elsewhere = Digest::sha256(b"foreign");
    let foreign = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"c/c","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"{elsewhere}","size":7,"urls":["https://example.com/x"]}}]}}"#
    );
    assert_eq!(registry.put("a", "foreign", &foreign).await.status(), 201);

    let settings = Settings {
        sparse: true,
        ..Settings::default()
    };
    let sparse = Running::start(Registry::new(store()).settings(settings)).await;
    let json = image_json(&elsewhere, &elsewhere, 7, "");
    assert_eq!(sparse.put("a", "t", &json).await.status(), 201);
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let registry = Running::memory().await;
    let good = registry.manifest("a", b"layer", "").await;
    for (bad, expected) in [
        ("", "MANIFEST_INVALID"),
        ("[]", "MANIFEST_INVALID"),
        ("not json", "MANIFEST_INVALID"),
        (r#"{"schemaVersion":1}"#, "MANIFEST_INVALID"),
    ] {
        let refused = registry.put("a", "t", bad).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(code(refused).await, expected, "{bad}");
    }
    let wrong = Digest::sha256(b"wrong").to_string();
    let refused = registry.put("a", &wrong, &good).await;
    assert_eq!(code(refused).await, "DIGEST_INVALID");
    let huge = " ".repeat(4 * 1024 * 1024 + 1);
    let refused = registry.put("a", "t", &huge).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(refused).await, "SIZE_INVALID");
    let largest = format!("{good}{}", " ".repeat(4 * 1024 * 1024 - good.len()));
    assert_eq!(registry.put("a", "t", &largest).await.status(), 201);
}

#[tokio::test]
async fn many_tags_are_set_at_once() {
    for registry in Running::everywhere().await {
        let json = registry.manifest("a", b"layer", "").await;
        let digest = Digest::sha256(json.as_bytes());
        let put = registry
            .put("a", &format!("{digest}?tag=1&tag=1.0&tag=latest"), &json)
            .await;
        assert_eq!(put.status(), StatusCode::CREATED);
        let set: Vec<_> = put.headers().get_all("oci-tag").iter().collect();
        assert_eq!(set, ["1", "1.0", "latest"]);
        for tag in ["1", "1.0", "latest"] {
            let head = registry.head(&format!("/v2/a/manifests/{tag}")).await;
            assert_eq!(
                text(head.headers(), "docker-content-digest"),
                digest.to_string()
            );
        }
        // One bad tag, and none is set.
        let bad = registry
            .put("a", &format!("{digest}?tag=2&tag=-"), &json)
            .await;
        assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
        assert_eq!(registry.head("/v2/a/manifests/2").await.status(), 404);
    }
}

#[tokio::test]
async fn sha512_names_a_manifest_too() {
    for registry in Running::everywhere().await {
        let json = registry.manifest("a", b"layer", "").await;
        let digest = Digest::of(Algorithm::Sha512, json.as_bytes());
        let put = registry.put("a", &digest.to_string(), &json).await;
        assert_eq!(put.status(), StatusCode::CREATED);
        let got = registry.get(&format!("/v2/a/manifests/{digest}")).await;
        assert_eq!(
            text(got.headers(), "docker-content-digest"),
            digest.to_string()
        );
        assert_eq!(got.text().await.unwrap(), json);
    }
}

#[tokio::test]
async fn a_tag_is_moved_only_from_where_it_was_seen() {
    for registry in Running::everywhere().await {
        let first = registry.image("a", "t", b"one").await;
        let second = registry.manifest("a", b"two", "").await;
        let put = |name: &'static str, value: String| {
            registry
                .request(Method::PUT, "/v2/a/manifests/t")
                .header("content-type", media_type::OCI_MANIFEST)
                .header(name, value)
                .body(second.clone())
                .send()
        };
        let stale = format!("\"{}\"", Digest::sha256(b"stale"));
        for (name, value) in [("if-match", stale), ("if-none-match", "*".to_owned())] {
            let refused = put(name, value).await.unwrap();
            assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
            let head = registry.head("/v2/a/manifests/t").await;
            assert_eq!(
                text(head.headers(), "docker-content-digest"),
                first.to_string()
            );
        }
        let moved = put("if-match", format!("\"{first}\"")).await.unwrap();
        assert_eq!(moved.status(), StatusCode::CREATED);
    }
}

#[tokio::test]
async fn deleting_a_tag_leaves_the_manifest_and_the_other_way_round_takes_all_tags() {
    for registry in Running::everywhere().await {
        let digest = registry.image("a", "one", b"layer").await;
        registry.image("a", "two", b"layer").await;
        let by_digest = format!("/v2/a/manifests/{digest}");
        let delete = registry.delete("/v2/a/manifests/one").await;
        assert_eq!(delete, StatusCode::ACCEPTED);
        assert_eq!(registry.head("/v2/a/manifests/one").await.status(), 404);
        assert_eq!(registry.head(&by_digest).await.status(), 200);
        assert_eq!(registry.delete(&by_digest).await, StatusCode::ACCEPTED);
        assert_eq!(registry.head("/v2/a/manifests/two").await.status(), 404);
        let gone = registry.get(&by_digest).await;
        assert_eq!(code(gone).await, "MANIFEST_UNKNOWN");
        assert_eq!(registry.delete("/v2/a/manifests/one").await, 404);
    }
}
