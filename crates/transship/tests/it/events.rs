//! `--events`, `--events-file`, `--quiet`: who hears what.

use serde_json::Value;
use transship_testkit::peers::Home;

use crate::world::{at_home, expect, image_under, json, registry, remote};

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}: {line}")))
        .collect()
}

#[tokio::test]
async fn events_add_up_to_the_report() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    let graph = image_under(&["1"]);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (format!("{}/app:1", from.host()), format!("{}/", to.host()));
    let flags = [
        "--events",
        "json",
        "--events-file",
        "events.jsonl",
        "--format",
        "json",
    ];
    let run = tool
        .run(["copy", &source, &target].into_iter().chain(flags))
        .await;
    expect(&run, 0);
    let heard = lines(&run.stderr);
    let written = std::fs::read_to_string(home.path().join("events.jsonl")).unwrap();
    assert_eq!(heard, lines(&written), "both onlookers see the same");
    assert!(heard.iter().all(|event| event["v"] == 1));
    let of = |name: &'static str| heard.iter().filter(move |event| event["event"] == name);
    assert_eq!(of("run-started").count(), 1);
    assert_eq!(of("tagged").count(), 1);
    assert_eq!(of("artifact-done").next().unwrap()["outcome"], "copied");
    let sent: u64 = of("blob-placed")
        .map(|event| event["sent"].as_u64().unwrap())
        .sum();
    let report = json(&run);
    assert_eq!(report["bytes"], sent);
    assert_eq!(sent, graph.blob_bytes());
    assert_eq!(of("run-finished").next().unwrap()["bytes"], sent);
    assert_eq!(heard.last().unwrap()["event"], "run-finished");
}

#[tokio::test]
async fn quiet_leaves_results_and_errors() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    image_under(&["1"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (format!("{}/app:1", from.host()), format!("{}/", to.host()));
    let run = tool.run(["copy", "--quiet", &source, &target]).await;
    expect(&run, 0);
    assert_eq!(run.stderr, "");
    assert!(run.stdout.contains("1 copied"), "{}", run.stdout);
    let absent = tool
        .run([
            "copy",
            "--quiet",
            &format!("{}/app:2", from.host()),
            &target,
        ])
        .await;
    expect(&absent, 1);
    assert!(absent.stderr.starts_with("error: "), "{}", absent.stderr);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_found_before_anything_else() {
    let home = Home::new();
    let run = at_home(&home)
        .run([
            "tags",
            "registry.example/app",
            "--events-file",
            "no/such/folder/events",
        ])
        .await;
    expect(&run, 2);
    assert!(
        run.stderr
            .contains("no/such/folder/events: the file for events cannot be made"),
        "{}",
        run.stderr
    );
}
