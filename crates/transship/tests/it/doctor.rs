//! `doctor`: what is found is what is so, and nothing stays.

use serde_json::Value;
use transship_registry_server::{Memory, Registry, Settings};
use transship_testkit::{
    fault::{Answer, FaultRegistry, Route, on},
    peers::{DockerRegistry, Home, Options, Run},
};

use crate::world::{
    at_home, expect, faulty, guarded, image_under, json, registry, remote, transship,
};

/// The level of a check, or `-` when it is not there.
fn level(run: &Run, check: &str) -> String {
    entry(run, check).map_or_else(
        || "-".to_owned(),
        |entry| entry["level"].as_str().unwrap().to_owned(),
    )
}

fn entry(run: &Run, check: &str) -> Option<Value> {
    let findings = json(run)["findings"].as_array().unwrap().clone();
    findings.into_iter().find(|entry| entry["check"] == check)
}

async fn doctor(host: &str, flags: &[&str]) -> Run {
    let name = format!("{host}/acme/app");
    let arguments = ["doctor", &name, "--format", "json"];
    transship().run(arguments.iter().chain(flags)).await
}

#[tokio::test]
async fn a_good_registry_has_nothing_but_good_findings() {
    let registry = registry().await;
    image_under(&["1"])
        .push_to(&remote(&registry.repository("acme/app")))
        .await
        .unwrap();
    let run = doctor(registry.host(), &[]).await;
    expect(&run, 0);
    for check in [
        "reach",
        "login",
        "clock",
        "pull",
        "push",
        "delete",
        "referrers",
        "mount",
        "move tags",
        "left behind",
    ] {
        assert_eq!(level(&run, check), "ok", "{check}: {}", run.stdout);
    }
    let tags = transship()
        .ok(["tags", &format!("{}/acme/app", registry.host()), "--all"])
        .await;
    assert_eq!(tags, "1", "nothing is left behind");
}

#[tokio::test]
async fn read_only_writes_nothing() {
    let registry = registry().await;
    for flag in ["--read-only", "--dry-run"] {
        let run = doctor(registry.host(), &[flag]).await;
        expect(&run, 0);
        assert_eq!(level(&run, "push"), "-");
    }
    let writes = [
        Route::PostUpload,
        Route::PutManifest,
        Route::PutBlob,
        Route::DeleteManifest,
    ];
    assert_eq!(writes.map(|route| registry.count(route)), [0; 4]);
}

#[tokio::test]
async fn problems_have_a_remedy_and_a_code() {
    let read_only = Registry::new(Memory::new()).settings(Settings {
        read_only: true,
        ..Settings::default()
    });
    let read_only = FaultRegistry::start(read_only.router(), Vec::new()).await;
    let strangers = guarded("alice", "secret").await;
    let denied = faulty(vec![
        on(Route::PostUpload).answer(Answer::error(403, "DENIED", "not you")),
    ])
    .await;
    for (host, check, code) in [
        (read_only.host(), "push", 8),
        (strangers.host(), "reach", 8),
        (denied.host(), "push", 8),
        ("127.0.0.1:1", "reach", 1),
    ] {
        let run = doctor(host, &["--max-wait", "1s"]).await;
        expect(&run, code);
        let found = entry(&run, check).unwrap();
        assert_eq!(found["level"], "problem", "{host}: {found}");
        assert!(
            found["remedy"]
                .as_str()
                .is_some_and(|remedy| !remedy.is_empty()),
            "{found}"
        );
    }
}

#[tokio::test]
async fn a_lie_about_referrers_is_found_out() {
    let liar = faulty(vec![on(Route::Referrers).answer(Answer::error(
        404,
        "NOT_FOUND",
        "no such route",
    ))])
    .await;
    let run = doctor(liar.host(), &[]).await;
    expect(&run, 0);
    let found = entry(&run, "referrers").unwrap();
    assert_eq!(found["level"], "note");
    assert_eq!(
        found["found"],
        "the registry says that it lists them, and does not"
    );
    assert_eq!(level(&run, "left behind"), "ok", "{}", run.stdout);
}

#[tokio::test]
async fn the_credential_that_was_used_is_named() {
    let home = Home::new();
    let registry = guarded("alice", "open sesame").await;
    home.login(registry.host(), "alice", "open sesame");
    let run = at_home(&home)
        .run([
            "doctor",
            &format!("{}/app", registry.host()),
            "--format",
            "json",
        ])
        .await;
    expect(&run, 0);
    assert_eq!(
        entry(&run, "login").unwrap()["found"],
        "as user alice from ~/.docker/config.json"
    );
}

#[tokio::test]
async fn a_registry_without_the_api_is_described_as_it_is() {
    let Some(registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let run = doctor(registry.host(), &[]).await;
    expect(&run, 0);
    assert_eq!(
        entry(&run, "referrers").unwrap()["found"],
        "the registry has no API"
    );
    assert_eq!(level(&run, "push"), "ok");
    let text = transship()
        .ok(["doctor", &format!("{}/acme/app", registry.host())])
        .await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("{}/acme/app", registry.host()));
    assert_eq!(lines[1], "  ok       reach          in plain http");
    assert!(
        text.contains("  note     referrers      the registry has no API\n"),
        "{text}"
    );
}
