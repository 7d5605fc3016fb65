//! `tags`

use serde_json::json;

use crate::world::{expect, image_under, json as parsed, registry, remote, signed_app, transship};

#[tokio::test]
async fn tags_are_listed_without_those_that_hold_signatures() {
    let registry = registry().await;
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    image_under(&["1.5"])
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let name = format!("{}/app", registry.host());
    let tool = transship();
    assert_eq!(tool.ok(["tags", &name]).await, "1.4\n1.5");
    let all = tool.ok(["tags", &name, "--all"]).await;
    assert!(
        all.contains(&format!("sha256-{}.sig", app.digest.hex())),
        "{all}"
    );
    let run = tool.run(["tags", &name, "--format", "json"]).await;
    assert_eq!(
        parsed(&run),
        json!({"repository": name, "tags": ["1.4", "1.5"]})
    );
}

#[tokio::test]
async fn a_repository_is_named_without_a_tag() {
    let run = transship().run(["tags", "registry.example/app:1"]).await;
    expect(&run, 2);
    assert!(
        run.stderr
            .contains("write the repository alone: registry.example/app"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_named() {
    let (from, to) = (registry().await, registry().await);
    image_under(&["1"])
        .push_to(&remote(&to.repository("app")))
        .await
        .unwrap();
    let source = format!("{}/ap", from.host());
    // The target has the tag, so that the source is asked by HEAD.
    let target = format!("{}/app", to.host());
    let run = transship()
        .run(["copy", &format!("{source}:1"), &target])
        .await;
    expect(&run, 1);
    let hint = format!("  hint: there is no repository {source}; check its name\n");
    assert!(run.stderr.ends_with(&hint), "{}", run.stderr);
    assert_eq!(from.counts(), [("head-manifest", 1), ("tags", 1)].into());
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_error() {
    let registry = registry().await;
    let names: Vec<String> = (0..3000).map(|i| format!("tag-{i:0>100}")).collect();
    let mut graph = image_under(&["first"]);
    let image = graph.manifests()[0].descriptor().clone();
    for name in &names {
        graph.tag(name, &image);
    }
    graph
        .push_to(&remote(&registry.repository("app")))
        .await
        .unwrap();
    let tool = transship();
    let mut command = tool.command(["tags", &format!("{}/app", registry.host())]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
