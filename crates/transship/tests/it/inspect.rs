//! `inspect`

use transship_testkit::image::Graph;

use crate::world::{expect, image_under, json, registry, remote, signed_app, transship};

fn only_manifest(graph: &Graph) -> &transship_oci::RawManifest {
    &graph.manifests()[0]
}

#[tokio::test]
async fn raw_is_the_bytes_and_nothing_else() {
    let registry = registry().await;
    let graph = image_under(&["1"]);
    graph
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let reference = format!("{}/app:1", registry.host());
    let tool = transship();
    let raw = tool.run(["inspect", "--raw", &reference]).await;
    expect(&raw, 0);
    let manifest = only_manifest(&graph);
    assert_eq!(raw.stdout.as_bytes(), &manifest.bytes()[..]);
    let config = manifest.children().unwrap().blobs[0].digest;
    let shown = tool.run(["inspect", "--image-config", &reference]).await;
    assert_eq!(shown.stdout.as_bytes(), &graph.blobs()[&config][..]);
}

#[tokio::test]
async fn facts_for_people_and_for_machines() {
    let registry = registry().await;
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let reference = format!("{}/app:1.4", registry.host());
    let tool = transship();
    let text = tool.ok(["inspect", &reference]).await;
    assert!(
        text.contains(&format!("  digest      {}\n", app.digest)),
        "{text}"
    );
    assert!(text.contains("  kind        index\n"), "{text}");
    assert!(text.contains("  linux/arm64"), "{text}");
    let parsed = json(&tool.run(["inspect", &reference, "--format", "json"]).await);
    assert_eq!(parsed["digest"], app.digest.to_string());
    assert_eq!(parsed["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(parsed["manifests"][0]["platform"]["architecture"], "amd64");
    let child = parsed["manifests"][0]["digest"].as_str().unwrap();
    let child = format!("{}/app@{child}", registry.host());
    let parsed = json(&tool.run(["inspect", &child, "--format", "json"]).await);
    assert_eq!(parsed["kind"], "image");
    assert_eq!(parsed["config"]["architecture"], "amd64");
}

#[tokio::test]
async fn an_index_has_no_configuration() {
    let registry = registry().await;
    signed_app()
        .0
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let reference = format!("{}/app:1.4", registry.host());
    let run = transship()
        .run(["inspect", "--image-config", &reference])
        .await;
    expect(&run, 2);
    assert!(
        run.stderr.contains("an index has no configuration"),
        "{}",
        run.stderr
    );
    let both = transship()
        .run(["inspect", "--image-config", "--raw", &reference])
        .await;
    expect(&both, 2);
}
