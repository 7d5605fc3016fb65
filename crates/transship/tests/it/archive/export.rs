//! `export`: what is written, when nothing is, and how it ends.

use std::fs;

use transship_testkit::fault::Route;

use super::world::{Gap, inventory};
use crate::world::{expect, image_under, json, unsigned_app};

#[tokio::test]
async fn the_same_artifacts_make_the_same_bytes() {
    let (gap, _) = Gap::with_app().await;
    let first = gap.export(&[]).await;
    assert!(inventory(&first).starts_with("sha256:"), "{}", first.stdout);
    let bytes = fs::read(gap.path("app.oci.tar")).unwrap();
    // There already, with the same bytes: nothing to refuse, and no layer is read again.
    let blobs = gap.near.count(Route::GetBlob);
    let again = gap.export(&[]).await;
    assert_eq!(inventory(&again), inventory(&first));
    assert_eq!(gap.near.count(Route::GetBlob), blobs);
    fs::remove_file(gap.path("app.oci.tar")).unwrap();
    gap.export(&[]).await;
    assert_eq!(fs::read(gap.path("app.oci.tar")).unwrap(), bytes);
}

#[tokio::test]
async fn another_archive_is_not_replaced_unless_told_so() {
    let (gap, _) = Gap::with_app().await;
    gap.export(&[]).await;
    let before = fs::read(gap.path("app.oci.tar")).unwrap();
    gap.put("acme/other", &image_under(&["1"])).await;
    let other = gap.near("acme/other:1");
    let run = gap.run(1, &["export", &other, "--to", "app.oci.tar"]).await;
    assert!(run.stderr.contains("app.oci.tar"), "{}", run.stderr);
    assert_eq!(fs::read(gap.path("app.oci.tar")).unwrap(), before);
    gap.run(0, &["export", &other, "--to", "app.oci.tar", "--overwrite"])
        .await;
    assert_ne!(fs::read(gap.path("app.oci.tar")).unwrap(), before);
}

#[tokio::test]
async fn a_dry_run_knows_every_byte_and_writes_none() {
    let (gap, _) = Gap::with_app().await;
    let dry = gap.export(&["--dry-run", "--format", "json"]).await;
    assert_eq!(gap.near.count(Route::GetBlob), 0, "no layer was read");
    assert!(!gap.path("app.oci.tar").exists());
    let dry = json(&dry);
    let real = gap.export(&["--format", "json"]).await;
    let real = json(&real);
    assert_eq!(dry["outcome"], "would export");
    assert_eq!(real["outcome"], "exported");
    assert_eq!(dry["inventory"], real["inventory"]);
    assert_eq!(dry["volumes"], real["volumes"]);
    let size = fs::metadata(gap.path("app.oci.tar")).unwrap().len();
    assert_eq!(real["size"], size);
    assert_eq!(real["volumes"][0]["name"], "app.oci.tar");
    assert_eq!(real["artifacts"][0]["name"], "acme/app:1.4");
    assert_eq!(real["artifacts"][0]["referrers"], 3);
}

#[tokio::test]
async fn what_fails_keeps_all_back_or_is_left_out() {
    let (gap, graph) = Gap::with_app().await;
    let (good, none) = (gap.near("acme/app:1.4"), gap.near("acme/app:none"));
    let arguments = ["export", &good, &none, "--to", "app.oci.tar"];
    let run = gap.run(1, &arguments).await;
    assert!(
        run.stderr.contains("acme/app:none") || run.stderr.contains("none"),
        "{}",
        run.stderr
    );
    assert!(!gap.path("app.oci.tar").exists());
    let going_on = [&arguments[..], &["--continue-on-errors"]].concat();
    let run = gap.run(4, &going_on).await;
    assert!(run.stdout.contains("left out"), "{}", run.stdout);
    let to = gap.far("");
    gap.run(0, &["import", "app.oci.tar", "--to", &to]).await;
    gap.assert_far("acme/app", &graph).await;
}

#[tokio::test]
async fn a_policy_is_asked_before_any_layer() {
    let gap = Gap::new().await;
    let (graph, _) = unsigned_app();
    gap.put("acme/app", &graph).await;
    gap.key("vendor").await;
    gap.home.write(
        "policy.yaml",
        "version: 1\nsigners: {vendor: {key: vendor.pub, tlog: ignore}}\ndefault: {signed-by: vendor}\n",
    );
    let reference = gap.near("acme/app:1.4");
    let arguments = [
        "export",
        &reference,
        "--to",
        "a.oci.tar",
        "--policy",
        "policy.yaml",
    ];
    gap.run(6, &arguments).await;
    assert!(!gap.path("a.oci.tar").exists());
    assert_eq!(gap.near.count(Route::GetBlob), 0);
    gap.run(0, &["sign", &reference, "--key", "vendor.key"])
        .await;
    gap.run(0, &arguments).await;
}

#[tokio::test]
async fn a_list_and_names_behind_the_gap() {
    let gap = Gap::new().await;
    let graph = image_under(&["1.0", "1.1", "2.0"]);
    gap.put("acme/app", &graph).await;
    let source = gap.near("acme/app");
    gap.home.write(
        "list.yaml",
        format!("sync: [{{source: {source}, target: 'r.example/vendor/{{name}}', tags: {{glob: ['1.*']}}}}]\n"),
    );
    let to = gap.far("mirror");
    gap.run(0, &["export", "-f", "list.yaml", "--to", "list.oci.tar"])
        .await;
    gap.run(0, &["import", "list.oci.tar", "--to", &to]).await;
    let tags = gap.run(0, &["tags", &gap.far("mirror/vendor/app")]).await;
    assert_eq!(tags.stdout, "1.0\n1.1\n");
    let one = gap.near("acme/app:2.0");
    let map = ["--map", "from/{registry}/{name}:v{tag}"];
    gap.run(
        0,
        &[&["export", &one, "--to", "m.oci.tar"], &map[..]].concat(),
    )
    .await;
    gap.run(0, &["import", "m.oci.tar", "--to", &to]).await;
    let host = gap.near.host().replace(':', "-");
    let tags = gap
        .run(0, &["tags", &gap.far(&format!("mirror/from/{host}/app"))])
        .await;
    assert_eq!(tags.stdout, "v2.0\n");
}

#[tokio::test]
async fn slips_are_found_before_anybody_is_asked() {
    let (gap, _) = Gap::with_app().await;
    let reference = gap.near("acme/app:1.4");
    gap.key("k").await;
    let seen = gap.near.seen().len();
    for (flags, said) in [
        (&["--to", "folder/"][..], "folder"),
        (&["--to", "none/app.oci.tar"], "there is no such folder"),
        (&["--to", "ftp://x/y"], "no store has addresses in ftp://"),
        (&["--to", "a.tar", "--lineage", "weekly"], "--sequence"),
        (
            &["--to", "a.tar", "--volume-size", "4 parsecs"],
            "is no amount of bytes",
        ),
        (
            &["--to", "a.tar", "--policy", "none.yaml"],
            "there is no such file",
        ),
        (
            &["--to", "a.tar", "--against", "none.json"],
            "there is no such file",
        ),
    ] {
        let run = gap
            .tool()
            .run([&["export", &reference], flags].concat())
            .await;
        assert_ne!(run.code(), 0, "{flags:?}");
        assert!(run.stderr.contains(said), "{flags:?}: {}", run.stderr);
    }
    assert_eq!(gap.near.seen().len(), seen);
    let run = gap
        .run(
            2,
            &[
                "export",
                &reference,
                "--to",
                "a.tar",
                "--trust-file",
                "k.key",
            ],
        )
        .await;
    assert!(
        run.stderr.contains("a private key must not travel"),
        "{}",
        run.stderr
    );
    let run = gap.tool().run(["export", "--to", "a.tar"]).await;
    expect(&run, 2);
}

#[tokio::test]
async fn machines_can_look_on() {
    let (gap, _) = Gap::with_app().await;
    let run = gap.export(&["--events", "json"]).await;
    let events: Vec<serde_json::Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"run-started"), "{names:?}");
    assert_eq!(names.last(), Some(&"run-finished"), "{names:?}");
    for expected in [
        "resolved",
        "planned",
        "blob-started",
        "blob-placed",
        "artifact-done",
    ] {
        assert!(names.contains(&expected), "{expected}: {names:?}");
    }
    let to = gap.far("");
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--events-file",
        "events.jsonl",
        "-q",
    ];
    gap.run(0, &import).await;
    let text = fs::read_to_string(gap.path("events.jsonl")).unwrap();
    assert!(
        text.contains("\"event\":\"read-back\"") && text.contains("\"event\":\"tagged\""),
        "{text}"
    );
}
