//! Other people's clients against this registry.

use transship_testkit::peers::{Cosign, Home, Tool, Version};

use crate::support::{Running, json};

#[tokio::test]
async fn oras_attaches_and_discovers() {
    let (registry, home) = (Running::disk().await, Home::new());
    let Some(oras) = Tool::new("oras", &home) else {
        return;
    };
    let subject = registry.image("a", "t", b"layer").await;
    home.write("sbom.json", "{}");
    let reference = format!("{}/a:t", registry.host());
    let kind = "--artifact-type=x/sbom";
    oras.ok(["attach", "--plain-http", kind, &reference, "sbom.json"])
        .await;
    let found = oras.ok(["discover", "--plain-http", &reference]).await;
    assert!(found.contains("x/sbom"), "{found}");
    let listed = json(registry.get(&format!("/v2/a/referrers/{subject}")).await).await;
    assert_eq!(listed["manifests"][0]["artifactType"], "x/sbom");
}

#[tokio::test]
async fn crane_pushes_and_validates() {
    let (registry, home) = (Running::disk().await, Home::new());
    let Some(crane) = Tool::new("crane", &home) else {
        return;
    };
    registry.image("lib/app", "1", b"layer").await;
    let (from, to) = ["lib/app:1", "other/app:1"]
        .map(|name| format!("{}/{name}", registry.host()))
        .into();
    crane.ok(["copy", "--insecure", &from, &to]).await;
    let tags = crane
        .ok([
            "ls",
            "--insecure",
            &format!("{}/other/app", registry.host()),
        ])
        .await;
    assert_eq!(tags, "1");
    let same = crane.ok(["digest", "--insecure", &to]).await;
    assert_eq!(same, crane.ok(["digest", "--insecure", &from]).await);
}

#[tokio::test]
async fn skopeo_copies_both_ways() {
    let (registry, home) = (Running::disk().await, Home::new());
    let Some(skopeo) = Tool::new("skopeo", &home) else {
        return;
    };
    registry.image("a", "t", b"layer").await;
    let name = |name: &str| format!("docker://{}/{name}", registry.host());
    let tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    let copy = [
        "--insecure-policy",
        "copy",
        "--preserve-digests",
        tls[0],
        tls[1],
    ];
    let arguments = copy.iter().copied().map(str::to_owned);
    let ends = [name("a:t"), name("b:t")];
    skopeo.ok(arguments.chain(ends)).await;
    let (a, b) = (
        registry
            .get("/v2/a/manifests/t")
            .await
            .bytes()
            .await
            .unwrap(),
        registry
            .get("/v2/b/manifests/t")
            .await
            .bytes()
            .await
            .unwrap(),
    );
    assert_eq!(a, b);
}

#[tokio::test]
async fn both_generations_of_cosign_sign_and_verify() {
    for (version, manifests) in [(Version::V3, 1), (Version::V2, 0)] {
        let (registry, home) = (Running::disk().await, Home::new());
        let Some(cosign) = Cosign::new(version, &home).await else {
            continue;
        };
        let digest = registry.image("lib/app", "t", b"layer").await;
        let reference = format!("{}/lib/app@{digest}", registry.host());
        assert_ne!(cosign.verify(&reference).await.code(), 0);
        cosign.sign(&reference).await;
        let verified = cosign.verify(&reference).await;
        assert_eq!(verified.code(), 0, "{}", verified.stderr);
        let listed = json(
            registry
                .get(&format!("/v2/lib/app/referrers/{digest}"))
                .await,
        )
        .await;
        assert_eq!(listed["manifests"].as_array().unwrap().len(), manifests);
    }
}
