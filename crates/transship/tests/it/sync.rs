//! `sync`: what the list says, and nothing else.

use transship_oci::{Name, Source as _};
use transship_testkit::{fault::Route, peers::Home};

use crate::world::{at_home, expect, image_under, json, registry, remote};

#[tokio::test]
async fn the_list_is_copied() {
    let home = Home::new();
    let tool = at_home(&home);
    let (from, to) = (registry().await, registry().await);
    let app = image_under(&["1.1.0", "1.2.0", "1.3.0", "1.4.0-rc.1", "2.0.0", "latest"]);
    app.push_to(&remote(&from.repository("acme/app")))
        .await
        .unwrap();
    image_under(&["3.20", "edge"])
        .push_to(&remote(&from.repository("acme/base")))
        .await
        .unwrap();
    let (source, target) = (from.host(), to.host());
    home.write(
        "list.yaml",
        format!(
            "
defaults:
  target: {target}/mirror/{{repository}}
sync:
  - source: {source}/acme/app
    tags:
      semver: '>=1, <2'
      newest: 2
  - source: {source}/acme/base
    targets:
      - {target}/{{name}}:{{tag}}-base
      - {target}/second/{{name}}
    tags: [3.20]
"
        ),
    );
    let explained = tool.ok(["sync", "-f", "list.yaml", "--explain"]).await;
    for line in [
        format!("+ {source}/acme/app:1.3.0  selected"),
        format!("+ {source}/acme/app:1.2.0  selected"),
        format!("- {source}/acme/app:1.1.0  it is not among the newest 2"),
        format!("- {source}/acme/app:1.4.0-rc.1  its version is outside the range"),
        format!("- {source}/acme/app:latest  it is not a version"),
        format!("+ {source}/acme/base:3.20  selected"),
    ] {
        assert!(
            explained.lines().any(|found| found == line),
            "{line}\n{explained}"
        );
    }
    assert_eq!(to.total(), 0, "explaining asks no target");

    let dry = tool
        .run(["sync", "-f", "list.yaml", "--dry-run", "--format", "json"])
        .await;
    expect(&dry, 0);
    assert_eq!(json(&dry)["jobs"].as_array().unwrap().len(), 3);
    assert_eq!(to.count(Route::PutManifest), 0);

    let run = tool.run(["sync", "-f", "list.yaml"]).await;
    expect(&run, 0);
    assert!(
        run.stdout.ends_with("4 copied, 0 unchanged, 0 failed; ")
            || run.stdout.contains("\n4 copied, 0 unchanged, 0 failed; "),
        "{}",
        run.stdout
    );
    let there = |path: &str, tag: &str| {
        let repository = remote(&to.repository(path));
        let tag = Name::Tag(tag.parse().unwrap());
        async move { repository.resolve(&tag).await.is_ok() }
    };
    for (path, tag, wanted) in [
        ("mirror/acme/app", "1.3.0", true),
        ("mirror/acme/app", "1.2.0", true),
        ("mirror/acme/app", "1.1.0", false),
        ("mirror/acme/app", "latest", false),
        ("base", "3.20-base", true),
        ("second/base", "3.20", true),
    ] {
        assert_eq!(there(path, tag).await, wanted, "{path}:{tag}");
    }

    let again = tool
        .run(["sync", "-f", "list.yaml", "--exit-nothing"])
        .await;
    expect(&again, 3);
}

#[tokio::test]
async fn two_sources_for_one_target_are_found_before_anything_moves() {
    let home = Home::new();
    let (from, to) = (registry().await, registry().await);
    for path in ["a/app", "b/app"] {
        image_under(&["1"])
            .push_to(&remote(&from.repository(path)))
            .await
            .unwrap();
    }
    let (source, target) = (from.host(), to.host());
    home.write(
        "list.yaml",
        format!(
            "
defaults: {{target: '{target}/{{name}}', tags: ['1']}}
sync:
  - source: {source}/a/app
  - source: {source}/b/app
"
        ),
    );
    let run = at_home(&home).run(["sync", "-f", "list.yaml"]).await;
    expect(&run, 2);
    let said = format!("{source}/a/app:1 and {source}/b/app:1 would both go to {target}/app:1");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    assert_eq!(to.total(), 0);
}

#[tokio::test]
async fn a_list_with_a_slip_is_refused_before_any_request() {
    let home = Home::new();
    home.write(
        "list.yaml",
        "sync:\n  - source: a.example/x\n    taget: b.example/x\n",
    );
    let run = at_home(&home).run(["sync", "-f", "list.yaml"]).await;
    expect(&run, 2);
    assert_eq!(
        run.stderr,
        "error: list.yaml:3:5: unknown key \"taget\"\n  hint: did you mean \"target\"?\n"
    );
}

#[tokio::test]
async fn a_tag_that_is_missing_fails_alone() {
    let home = Home::new();
    let (from, to) = (registry().await, registry().await);
    image_under(&["1"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    home.write(
        "list.yaml",
        format!(
            "sync:\n  - source: {}/app\n    target: {}/app\n    tags: ['1', '2']\n",
            from.host(),
            to.host()
        ),
    );
    let run = at_home(&home).run(["sync", "-f", "list.yaml"]).await;
    expect(&run, 4);
    assert!(
        run.stdout.contains("1 copied, 0 unchanged, 1 failed"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("error: source "), "{}", run.stderr);
}

#[tokio::test]
async fn young_artifacts_wait() {
    let home = Home::new();
    let from = registry().await;
    let mut graph = image_under(&["1.0.0"]);
    let created = |date: &str| {
        transship_testkit::image::Image::new().annotated("org.opencontainers.image.created", date)
    };
    let old = graph.image(created("2020-01-01T00:00:00Z"));
    graph.tag("2.0.0", &old);
    let new = graph.image(created("2999-01-01T00:00:00Z"));
    graph.tag("3.0.0", &new);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    home.write(
        "list.yaml",
        format!(
            "sync:\n  - source: {}/app\n    target: t.example/app\n    tags: {{newest: 1, min-age: 7d}}\n",
            from.host()
        ),
    );
    let explained = at_home(&home)
        .ok(["sync", "-f", "list.yaml", "--explain"])
        .await;
    let app = format!("{}/app", from.host());
    assert_eq!(
        explained,
        format!(
            "- {app}:3.0.0  it is 0s old, and min-age is 7d\n\
             + {app}:2.0.0  selected\n\
             - {app}:1.0.0  it is not among the newest 1"
        )
    );
}
