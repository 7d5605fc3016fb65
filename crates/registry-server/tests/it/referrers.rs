use reqwest::StatusCode;
use serde_json::Value;
use transship_oci::{Digest, media_type};
use transship_registry_server::{Registry, Settings};

use crate::support::{Running, json, store, text};

/// Puts a referrer of a kind and returns its digest.
async fn attach(registry: &Running, subject: &Digest, kind: &str) -> Digest {
    let more = format!(
        r#","artifactType":"{kind}","annotations":{{"k":"{kind}"}},"subject":{{"mediaType":"{}","digest":"{subject}","size":9}}"#,
        media_type::OCI_MANIFEST
    );
    let manifest = registry.manifest("a", kind.as_bytes(), &more).await;
    let digest = Digest::sha256(manifest.as_bytes());
    let put = registry.put("a", &digest.to_string(), &manifest).await;
    assert_eq!(put.status(), StatusCode::CREATED);
    assert_eq!(text(put.headers(), "oci-subject"), subject.to_string());
    digest
}

fn digests(body: &Value) -> Vec<String> {
    let list = body["manifests"].as_array().unwrap().iter();
    list.map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_referrer_may_come_before_its_subject() {
    for registry in Running::everywhere().await {
        let manifest = registry.manifest("a", b"layer", "").await;
        let subject = Digest::sha256(manifest.as_bytes());
        let path = format!("/v2/a/referrers/{subject}");
        let sbom = attach(&registry, &subject, "x/sbom").await;
        registry.put("a", "t", &manifest).await;
        let response = registry.get(&path).await;
        assert_eq!(
            text(response.headers(), "content-type"),
            media_type::OCI_INDEX
        );
        let body = json(response).await;
        assert_eq!(body["schemaVersion"], 2);
        assert_eq!(body["mediaType"], media_type::OCI_INDEX);
        assert_eq!(body["manifests"][0]["digest"], sbom.to_string());
        assert_eq!(body["manifests"][0]["artifactType"], "x/sbom");
        assert_eq!(body["manifests"][0]["annotations"]["k"], "x/sbom");
        registry.delete(&format!("/v2/a/manifests/{sbom}")).await;
        assert_eq!(digests(&json(registry.get(&path).await).await), [""; 0]);
    }
}

#[tokio::test]
async fn without_an_artifact_type_it_is_the_configurations_type() {
    let registry = Running::memory().await;
    let subject = Digest::sha256(b"absent");
    let more = format!(
        r#","subject":{{"mediaType":"{}","digest":"{subject}","size":9}}"#,
        media_type::OCI_MANIFEST
    );
    let manifest = registry.manifest("a", b"layer", &more).await;
    registry.put("a", "t", &manifest).await;
    let body = json(registry.get(&format!("/v2/a/referrers/{subject}")).await).await;
    assert_eq!(body["manifests"][0]["artifactType"], media_type::OCI_CONFIG);
}

#[tokio::test]
async fn a_filter_is_named_when_it_was_applied() {
    for registry in Running::everywhere().await {
        let subject = registry.image("a", "t", b"layer").await;
        attach(&registry, &subject, "x/sbom").await;
        let signature = attach(&registry, &subject, "x/sig+json").await;
        let path = format!("/v2/a/referrers/{subject}?artifactType=x/sig%2Bjson");
        let response = registry.get(&path).await;
        assert_eq!(
            text(response.headers(), "oci-filters-applied"),
            "artifactType"
        );
        assert_eq!(digests(&json(response).await), [signature.to_string()]);
        let all = registry.get(&format!("/v2/a/referrers/{subject}")).await;
        assert_eq!(text(all.headers(), "oci-filters-applied"), "");
        assert_eq!(digests(&json(all).await).len(), 2);
    }
}

#[tokio::test]
async fn no_referrers_are_an_empty_index_wherever_one_asks() {
    let registry = Running::memory().await;
    let subject = registry.image("a", "t", b"layer").await;
    for name in ["a", "never/heard/of"] {
        let response = registry
            .get(&format!("/v2/{name}/referrers/{subject}"))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(digests(&json(response).await), [""; 0]);
    }
    let odd = registry.get("/v2/a/referrers/sha256:12").await;
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn many_referrers_come_in_pages() {
    let settings = Settings {
        page: 3,
        ..Settings::default()
    };
    let registry = Running::start(Registry::new(store()).settings(settings)).await;
    let subject = registry.image("a", "t", b"layer").await;
    let mut put = Vec::new();
    for number in 0..7 {
        attach(&registry, &subject, "x/other").await;
        put.push(
            attach(&registry, &subject, &format!("x/{number}"))
                .await
                .to_string(),
        );
    }
    put.push(attach(&registry, &subject, "x/other").await.to_string());
    put.sort();
    let mut got = Vec::new();
    let mut pages = 0;
    let mut next = Some(format!("/v2/a/referrers/{subject}"));
    while let Some(path) = next {
        let response = registry.get(&path).await;
        let link = text(response.headers(), "link").to_owned();
        next = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .map(str::to_owned);
        got.extend(digests(&json(response).await));
        pages += 1;
    }
    assert_eq!(got, put);
    assert_eq!(pages, 3);
}
