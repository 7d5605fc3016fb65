use std::{fs, path::Path};

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use transship_oci::{Digest, media_type};
use transship_registry_server::{Disk, Local, Registry};
use transship_testkit::peers::{Home, Tool};

use crate::support::{Running, code, image_json, json, text};

async fn over(folder: &Path) -> Running {
    Running::start(Registry::new(Disk::open(folder).await.unwrap())).await
}

fn file(folder: &Path, name: &str, digest: &Digest) -> std::path::PathBuf {
    folder.join(name).join("blobs/sha256").join(digest.hex())
}

#[tokio::test]
async fn all_of_it_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let registry = over(folder.path()).await;
    let subject = registry.image("a/b", "t", b"layer").await;
    let more = format!(
        r#","artifactType":"x/sbom","subject":{{"mediaType":"{}","digest":"{subject}","size":9}}"#,
        media_type::OCI_MANIFEST
    );
    let sbom = registry.manifest("a/b", b"sbom", &more).await;
    registry
        .put("a/b", &Digest::sha256(sbom.as_bytes()).to_string(), &sbom)
        .await;
    let at = registry.session("a/b").await;
    let patch = registry.request(Method::PATCH, &at).body("first half, ");
    assert_eq!(patch.send().await.unwrap().status(), StatusCode::ACCEPTED);
    registry.server.shutdown().await;

    let registry = over(folder.path()).await;
    let tag = registry.head("/v2/a/b/manifests/t").await;
    assert_eq!(
        text(tag.headers(), "docker-content-digest"),
        subject.to_string()
    );
    let referrers = json(registry.get(&format!("/v2/a/b/referrers/{subject}")).await).await;
    assert_eq!(referrers["manifests"][0]["artifactType"], "x/sbom");
    // The upload goes on where it was.
    assert_eq!(text(registry.get(&at).await.headers(), "range"), "0-11");
    let digest = Digest::sha256(b"first half, second half");
    let put = registry.request(Method::PUT, &format!("{at}?digest={digest}"));
    let put = put.header("content-range", "12-22").body("second half");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(
        fs::read_dir(folder.path().join("a/b/.uploads"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn damaged_content_is_never_given_out_whole_and_a_push_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let registry = over(folder.path()).await;
    let content = vec![1; 600_000];
    let digest = registry.image("a", "t", &content).await;
    let layer = Digest::sha256(&content);
    let mut damaged = content.clone();
    damaged[300_000] ^= 1;
    fs::write(file(folder.path(), "a", &layer), &damaged).unwrap();
    let response = registry.get(&format!("/v2/a/blobs/{layer}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.unwrap_err();

    fs::write(file(folder.path(), "a", &digest), "{}").unwrap();
    let response = registry.get("/v2/a/manifests/t").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = response.text().await.unwrap();
    assert!(!body.contains(folder.path().to_str().unwrap()), "{body}");

    assert_eq!(registry.image("a", "t", &content).await, digest);
    let mended = registry.get(&format!("/v2/a/blobs/{layer}")).await;
    assert_eq!(mended.bytes().await.unwrap(), content);
    assert_eq!(
        registry.get("/v2/a/manifests/t").await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_damaged_manifest_does_not_keep_a_layout_from_opening() {
    let folder = tempfile::tempdir().unwrap();
    let registry = over(folder.path()).await;
    let bad = registry.image("a", "bad", b"one").await;
    registry.image("a", "good", b"two").await;
    registry.server.shutdown().await;
    fs::write(file(folder.path(), "a", &bad), "{}").unwrap();
    let registry = over(folder.path()).await;
    assert_eq!(registry.get("/v2/a/manifests/good").await.status(), 200);
    assert_eq!(registry.get("/v2/a/manifests/bad").await.status(), 500);
    assert_eq!(registry.image("a", "bad", b"one").await, bad);
    assert_eq!(registry.get("/v2/a/manifests/bad").await.status(), 200);
}

#[tokio::test]
async fn names_that_a_layout_uses_do_not_collide() {
    let registry = Running::disk().await;
    let names = [
        "a",
        "a/blobs",
        "a/blobs/sha256",
        "a/index.json",
        "a/oci-layout",
    ];
    let mut put = Vec::new();
    for name in names {
        put.push(registry.image(name, "t", name.as_bytes()).await);
    }
    for (name, digest) in names.iter().zip(put) {
        let head = registry.head(&format!("/v2/{name}/manifests/t")).await;
        assert_eq!(
            text(head.headers(), "docker-content-digest"),
            digest.to_string()
        );
    }
    let catalog = json(registry.get("/v2/_catalog").await).await;
    assert_eq!(catalog["repositories"], serde_json::json!(names));
}

#[tokio::test]
async fn tags_set_at_once_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let registry = over(folder.path()).await;
    let manifest = registry.manifest("a", b"layer", "").await;
    let tags: Vec<_> = (0..64).map(|number| format!("t{number:02}")).collect();
    let puts = tags.iter().map(|tag| registry.put("a", tag, &manifest));
    for response in join_all(puts).await {
        assert_eq!(response.status(), StatusCode::CREATED);
    }
    let index = fs::read(folder.path().join("a/index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let listed = index["manifests"].as_array().unwrap().iter();
    let name = "org.opencontainers.image.ref.name";
    let listed: Vec<_> = listed
        .map(|line| line["annotations"][name].as_str().unwrap())
        .collect();
    assert_eq!(listed, tags);
}

#[tokio::test]
async fn of_many_who_expect_no_tag_one_sets_it() {
    let registry = Running::disk().await;
    let mut manifests = Vec::new();
    for number in 0..8_u8 {
        manifests.push(registry.manifest("a", &[number], "").await);
    }
    let puts = manifests.into_iter().map(|manifest| {
        let request = registry.request(Method::PUT, "/v2/a/manifests/t");
        let request = request.header("content-type", media_type::OCI_MANIFEST);
        request.header("if-none-match", "*").body(manifest).send()
    });
    let answers = join_all(puts).await.into_iter();
    let mut answers: Vec<_> = answers.map(|answer| answer.unwrap().status()).collect();
    answers.sort_unstable();
    let (set, refused) = (StatusCode::CREATED, StatusCode::PRECONDITION_FAILED);
    assert_eq!(answers, [vec![set], vec![refused; 7]].concat());
}

#[tokio::test]
async fn a_layout_of_another_program_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("a");
    let write = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
        fs::write(file(folder.path(), "a", &digest), bytes).unwrap();
        digest
    };
    let config = write(b"{}");
    let child = image_json(&config, &config, 2, "");
    let child_digest = write(child.as_bytes());
    let root = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{child_digest}","size":{}}}]}}"#,
        media_type::OCI_MANIFEST,
        child.len()
    );
    let root_digest = write(root.as_bytes());
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{root_digest}","size":{},"annotations":{{"org.opencontainers.image.ref.name":"docker.io/library/a:1.0"}}}}]}}"#,
        media_type::OCI_INDEX,
        root.len()
    );
    fs::write(layout.join("index.json"), index).unwrap();
    fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();

    let registry = over(folder.path()).await;
    let got = registry.get("/v2/a/manifests/1.0").await;
    assert_eq!(got.text().await.unwrap(), root);
    let got = registry
        .get(&format!("/v2/a/manifests/{child_digest}"))
        .await;
    assert_eq!(got.text().await.unwrap(), child);
}

#[tokio::test]
async fn an_index_that_cannot_be_read_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("a/index.json"), "{").unwrap();
    let registry = over(folder.path()).await;
    let refused = registry
        .request(Method::POST, "/v2/a/blobs/uploads/")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(code(refused).await, "UNKNOWN");
    assert_eq!(fs::read(folder.path().join("a/index.json")).unwrap(), b"{");
    let error = Local::disk(&folder.path().join("a")).await.unwrap_err();
    assert_eq!(error.kind(), transship_oci::ErrorKind::Corrupt);
}

#[tokio::test]
async fn others_read_the_layout_from_the_disk() {
    let (folder, home) = (tempfile::tempdir().unwrap(), Home::new());
    let Some(skopeo) = Tool::new("skopeo", &home) else {
        return;
    };
    let registry = over(folder.path()).await;
    let digest = registry.image("a", "t", b"layer").await;
    let layout = format!("oci:{}:t", folder.path().join("a").display());
    let manifest = skopeo.ok(["inspect", "--raw", &layout]).await;
    assert_eq!(Digest::sha256(manifest.as_bytes()), digest);
}
