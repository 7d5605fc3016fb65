use std::sync::Arc;

use reqwest::{Method, StatusCode};
use transship_oci::{Digest, media_type};
use transship_registry_server::{Local, Memory, Registry, SourceRepository, Sources};

use crate::support::{Running, code, json};

#[tokio::test]
async fn whatever_is_a_source_can_be_served() {
    let memory = Memory::new();
    let writable = Running::start(Registry::new(memory.clone())).await;
    let subject = writable.image("a", "t", b"content of the layer").await;
    let more = format!(
        r#","artifactType":"x/sbom","subject":{{"mediaType":"{}","digest":"{subject}","size":9}}"#,
        media_type::OCI_MANIFEST
    );
    let sbom = writable.manifest("a", b"sbom", &more).await;
    let sbom_digest = Digest::sha256(sbom.as_bytes());
    writable.put("a", &sbom_digest.to_string(), &sbom).await;

    let source = Arc::new(Local::new(memory.repository("a"), "a"));
    let repository = SourceRepository::open(source).await.unwrap();
    let sources = Sources::new([("copy/of/a".to_owned(), repository)]);
    let registry = Running::start(Registry::new(sources)).await;
    for path in [
        "manifests/t".to_owned(),
        format!("manifests/{sbom_digest}"),
        format!("blobs/{}", Digest::sha256(b"content of the layer")),
        format!("referrers/{subject}"),
    ] {
        let original = writable.get(&format!("/v2/a/{path}")).await;
        let served = registry.get(&format!("/v2/copy/of/a/{path}")).await;
        assert_eq!(served.status(), StatusCode::OK, "{path}");
        assert_eq!(
            served.bytes().await.unwrap(),
            original.bytes().await.unwrap()
        );
    }
    let layer = Digest::sha256(b"content of the layer");
    let part = registry
        .request(Method::GET, &format!("/v2/copy/of/a/blobs/{layer}"))
        .header("range", "bytes=3-6");
    assert_eq!(part.send().await.unwrap().bytes().await.unwrap(), "tent");
    let catalog = json(registry.get("/v2/_catalog").await).await;
    assert_eq!(catalog["repositories"][0], "copy/of/a");
    for (method, path) in [
        (Method::POST, "/v2/copy/of/a/blobs/uploads/".to_owned()),
        (Method::DELETE, "/v2/copy/of/a/manifests/t".to_owned()),
        (Method::DELETE, format!("/v2/copy/of/a/blobs/{layer}")),
    ] {
        let refused = registry.request(method, &path).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(code(refused).await, "UNSUPPORTED");
    }
}
