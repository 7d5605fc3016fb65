//! `tree`

use transship_testkit::peers::{Cosign, DockerRegistry, Home, Options, Version};

use crate::world::{at_home, expect, json, registry, remote, signed_app, transship};

#[tokio::test]
async fn everything_is_shown_beside_what_it_belongs_to() {
    let registry = registry().await;
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let reference = format!("{}/app:1.4", registry.host());
    let run = transship().run(["tree", &reference]).await;
    expect(&run, 0);
    let shapes: Vec<&str> = run
        .stdout
        .lines()
        .map(|line| line.split("  sha256:").next().unwrap())
        .collect();
    let signature = format!(
        "   ├─ + signature (cosign)  tag sha256-{}….sig",
        &app.digest.hex()[..12]
    );
    assert_eq!(shapes[0], reference);
    assert_eq!(shapes[1], "└─ index");
    assert!(shapes.contains(&&*signature), "{}", run.stdout);
    assert!(
        shapes.contains(&"   ├─ + SBOM (SPDX)  referrer"),
        "{}",
        run.stdout
    );
    assert!(
        shapes.contains(&"   │  └─ + signature (notation)  referrer"),
        "{}",
        run.stdout
    );
    assert!(
        shapes.contains(&"   ├─ linux/amd64 image"),
        "{}",
        run.stdout
    );
    assert!(
        shapes.contains(&"   └─ linux/arm64 image"),
        "{}",
        run.stdout
    );

    let parsed = json(
        &transship()
            .run(["tree", &reference, "--format", "json"])
            .await,
    );
    assert_eq!(parsed["reference"], reference);
    assert_eq!(parsed["digest"], app.digest.to_string());
    assert_eq!(parsed["children"].as_array().unwrap().len(), 2);
    let mut kinds: Vec<&str> = parsed["referrers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["sbom", "signature"]);
}

#[tokio::test]
async fn what_cosign_stores_is_recognised_on_a_registry_without_the_api() {
    let home = Home::new();
    let (Some(registry), Some(v2), Some(v3)) = (
        DockerRegistry::start(&Options::default()).await,
        Cosign::new(Version::V2, &home).await,
        Cosign::new(Version::V3, &home).await,
    ) else {
        return;
    };
    let repository = transship_oci::Repository::new(registry.host(), "app").unwrap();
    let graph = crate::world::image_under(&["1"]);
    graph.push_to(&remote(&repository)).await.unwrap();
    let signed = format!("{repository}@{}", graph.tags()[0].1);
    v2.sign(&signed).await;
    v2.attest(&signed, "{}").await;
    v3.sign(&signed).await;
    v2.attach_sbom(&signed, "{}").await;
    let run = at_home(&home)
        .run(["tree", &format!("{repository}:1")])
        .await;
    expect(&run, 0);
    for kind in [
        "signature (cosign)  tag",
        "signature (sigstore bundle)  referrer",
        "SBOM (SPDX)  tag",
        ", DSSE)  tag",
    ] {
        assert!(run.stdout.contains(kind), "{kind}: {}", run.stdout);
    }
}

#[tokio::test]
async fn a_tag_that_is_not_there_is_an_error_with_advice() {
    let registry = registry().await;
    signed_app()
        .0
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let run = transship()
        .run(["tree", &format!("{}/app:14", registry.host())])
        .await;
    expect(&run, 1);
    assert_eq!(run.stdout, "");
    let advice = format!("did you mean {}/app:1.4?", registry.host());
    assert!(run.stderr.contains(&advice), "{}", run.stderr);
}
