//! `--dry-run`, `--plan` and `apply`: what is said is what is done.

use serde_json::Value;
use transship_testkit::{fault::Route, peers::Home};

use crate::world::{at_home, expect, image_under, json, registry, remote, signed_app};

#[tokio::test]
async fn a_plan_says_what_is_moved_and_apply_moves_that() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (
        format!("{}/app:1.4", from.host()),
        format!("{}/", to.host()),
    );

    let dry = tool.run(["copy", &source, &target, "--dry-run"]).await;
    expect(&dry, 0);
    assert!(
        dry.stdout.starts_with(&format!(
            "{source}  {}\n  → {}/app:1.4\n",
            app.digest,
            to.host()
        )),
        "{}",
        dry.stdout
    );
    assert!(
        dry.stdout.contains("    tag 1.4 is made\n"),
        "{}",
        dry.stdout
    );

    let planned = tool
        .run(["copy", &source, &target, "--plan", "plan.json"])
        .await;
    expect(&planned, 0);
    assert!(
        planned.stderr.contains("the plan is in plan.json"),
        "{}",
        planned.stderr
    );
    let writes = [
        Route::PutManifest,
        Route::PostUpload,
        Route::PostMount,
        Route::Patch,
        Route::PutBlob,
    ];
    assert_eq!(
        writes.map(|route| to.count(route)),
        [0; 5],
        "a plan writes nothing"
    );
    let text = std::fs::read_to_string(home.path().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["plan"]["totals"]["bytes"], graph.blob_bytes());

    let still = tool.run(["apply", "plan.json", "--dry-run"]).await;
    expect(&still, 0);
    assert_eq!(writes.map(|route| to.count(route)), [0; 5]);

    let applied = tool.run(["apply", "plan.json", "--format", "json"]).await;
    expect(&applied, 0);
    assert_eq!(json(&applied)["bytes"], plan["plan"]["totals"]["bytes"]);
    graph.assert_in(&remote(&to.repository("app"))).await;

    // The world has moved by what was just done.
    for arguments in [
        &["apply", "plan.json"][..],
        &["apply", "plan.json", "--dry-run"],
    ] {
        let late = tool.run(arguments).await;
        expect(&late, 10);
        assert!(late.stderr.contains("make a new plan"), "{}", late.stderr);
    }
}

#[tokio::test]
async fn a_moved_source_stops_apply_before_the_first_byte() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    image_under(&["1"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (format!("{}/app:1", from.host()), format!("{}/", to.host()));
    expect(
        &tool
            .run(["copy", &source, &target, "--plan", "plan.json"])
            .await,
        0,
    );
    let mut other = image_under(&["2"]);
    let moved = other.manifests()[0].descriptor().clone();
    other.tag("1", &moved);
    other
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let run = tool.run(["apply", "plan.json"]).await;
    expect(&run, 10);
    assert_eq!(to.count(Route::PutManifest), 0);
}

#[tokio::test]
async fn a_plan_that_would_be_refused_says_so() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    let graph = image_under(&["1", "2"]);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    graph.push_to(&remote(&to.repository("app"))).await.unwrap();
    let (source, target) = (
        format!("{}/app:2", from.host()),
        format!("{}/app:1", to.host()),
    );
    let refused = tool.run(["copy", &source, &target, "--dry-run"]).await;
    expect(&refused, 1);
    assert!(
        refused.stdout.contains("tag 1 is refused"),
        "{}",
        refused.stdout
    );
    let moves = tool
        .run(["copy", &source, &target, "--dry-run", "--move-tags"])
        .await;
    expect(&moves, 0);
    let old = graph.tags()[0].1;
    assert!(
        moves
            .stdout
            .contains(&format!("tag 1 moves, away from {old}")),
        "{}",
        moves.stdout
    );
}

#[tokio::test]
async fn what_is_no_plan_is_refused() {
    let home = Home::new();
    let tool = at_home(&home);
    home.write("empty.json", "{}");
    home.write("old.json", r#"{"choices":{},"plan":{"version":99}}"#);
    for (file, said) in [
        ("empty.json", "this is not a plan"),
        ("old.json", "plan"),
        ("missing.json", "there is no such file"),
    ] {
        let run = tool.run(["apply", file]).await;
        expect(&run, 2);
        assert!(
            run.stderr.contains(said) && run.stderr.contains(file),
            "{}",
            run.stderr
        );
    }
}
