//! `import`: the inventory first, everything in the way at once, and tags last.

use std::fs;

use transship_testkit::fault::Route;

use super::world::Gap;
use crate::world::{image_under, json, remote, unsigned_app};

#[tokio::test]
async fn what_was_exported_arrives_whole() {
    let (gap, graph) = Gap::with_app().await;
    gap.export(&[]).await;
    let to = gap.far("mirror");
    let run = gap
        .run(
            0,
            &["import", "app.oci.tar", "--to", &to, "--format", "json"],
        )
        .await;
    gap.assert_far("mirror/acme/app", &graph).await;
    let run = json(&run);
    assert_eq!((&run["copied"], &run["failed"]), (&1.into(), &0.into()));
    // All of it is there: nothing is sent again.
    let writes = gap.writes();
    let again = gap.run(0, &["import", "app.oci.tar", "--to", &to]).await;
    assert!(again.stdout.contains("1 unchanged"), "{}", again.stdout);
    assert_eq!(gap.writes(), writes);
}

#[tokio::test]
async fn only_what_the_right_key_signed_is_taken() {
    let (gap, graph) = Gap::with_app().await;
    gap.key("ours").await;
    gap.key("theirs").await;
    let to = gap.far("m");
    let import = |key: &'static str| ["import", "app.oci.tar", "--archive-key", key, "--to"];
    gap.export(&[]).await;
    let unsigned = gap
        .run(6, &[&import("ours.pub")[..], &[&to]].concat())
        .await;
    assert!(
        unsigned.stderr.contains("exported with --key"),
        "{}",
        unsigned.stderr
    );
    fs::remove_file(gap.path("app.oci.tar")).unwrap();
    gap.export(&["--key", "ours.key"]).await;
    let run = gap
        .run(5, &[&import("theirs.pub")[..], &[&to]].concat())
        .await;
    assert!(
        run.stderr.contains("the inventory is refused"),
        "{}",
        run.stderr
    );
    assert!(
        gap.far.seen().is_empty(),
        "the registry was not asked for anything"
    );
    gap.run(0, &[&import("ours.pub")[..], &[&to]].concat())
        .await;
    gap.assert_far("m/acme/app", &graph).await;
    let policy =
        "version: 1\nsigners: {us: {key: ours.pub, tlog: ignore}}\ndefault: {signed-by: us}\n";
    gap.home.write("archive.yaml", policy);
    let by_policy = [
        "import",
        "app.oci.tar",
        "--archive-policy",
        "archive.yaml",
        "--to",
        &to,
    ];
    gap.run(0, &by_policy).await;
}

#[tokio::test]
async fn a_tag_in_the_way_is_found_before_anything_is_written() {
    let gap = Gap::new().await;
    let graph = image_under(&["1", "2", "3"]);
    gap.put("acme/app", &graph).await;
    let references: Vec<String> = ["1", "2", "3"]
        .map(|tag| gap.near(&format!("acme/app:{tag}")))
        .into();
    let mut arguments = vec!["export", "--to", "a.oci.tar"];
    arguments.extend(references.iter().map(String::as_str));
    gap.run(0, &arguments).await;
    // Something else lies under two of the tags.
    let other = unsigned_app().0;
    let at = gap.far.repository("acme/app");
    other.push_to(&remote(&at)).await.unwrap();
    let taken = gap.far("acme/app:1.4");
    for tag in ["2", "3"] {
        gap.run(0, &["copy", &taken, &gap.far(&format!("acme/app:{tag}"))])
            .await;
    }
    let before = gap.writes();
    let to = gap.far("");
    let dry = gap
        .run(1, &["import", "a.oci.tar", "--to", &to, "--dry-run"])
        .await;
    assert!(dry.stdout.contains("acme/app"), "{}", dry.stdout);
    let run = gap.run(1, &["import", "a.oci.tar", "--to", &to]).await;
    assert_eq!(run.stderr.matches("error: ").count(), 2, "{}", run.stderr);
    assert_eq!(gap.writes(), before, "nothing was written");
    gap.run(
        4,
        &["import", "a.oci.tar", "--to", &to, "--continue-on-errors"],
    )
    .await;
    gap.run(0, &["import", "a.oci.tar", "--to", &to, "--overwrite-tags"])
        .await;
    gap.assert_far("acme/app", &graph).await;
}

#[tokio::test]
async fn a_policy_holds_on_the_far_side_too() {
    let (gap, _) = Gap::with_app().await;
    gap.key("vendor").await;
    let reference = gap.near("acme/app:1.4");
    let policy = "version: 1\nsigners: {vendor: {key: vendor.pub, tlog: ignore}}\ndefault: {signed-by: vendor}\n";
    gap.home.write("policy.yaml", policy);
    gap.export(&[]).await;
    let to = gap.far("");
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--policy",
        "policy.yaml",
    ];
    let run = gap.tool().run(import).await;
    assert!([5, 6].contains(&run.code()), "{}", run.stderr);
    assert_eq!(gap.writes(), 0);
    gap.run(0, &["sign", &reference, "--key", "vendor.key"])
        .await;
    gap.export(&["--overwrite"]).await;
    gap.run(0, &import).await;
    let verified = [
        "verify",
        &gap.far("acme/app:1.4"),
        "--policy",
        "policy.yaml",
    ];
    gap.run(0, &verified).await;
}

#[tokio::test]
async fn archives_of_a_line_are_taken_in_order() {
    let (gap, _) = Gap::with_app().await;
    let number = |n: &'static str| ["--lineage", "weekly", "--sequence", n, "--overwrite"];
    let to = gap.far("");
    let import = ["import", "app.oci.tar", "--to", &to];
    gap.export(&number("2")).await;
    gap.run(0, &import).await;
    gap.run(0, &import).await;
    gap.export(&number("1")).await;
    let run = gap.run(5, &import).await;
    assert!(run.stderr.contains("is older than"), "{}", run.stderr);
    assert!(run.stderr.contains("--allow-rollback"), "{}", run.stderr);
    gap.run(0, &[&import[..], &["--allow-rollback"]].concat())
        .await;
    gap.export(&number("5")).await;
    let run = gap.run(0, &import).await;
    assert!(
        run.stderr.contains("were never taken here"),
        "{}",
        run.stderr
    );
    // Another target has its own memory.
    gap.export(&number("1")).await;
    gap.run(0, &["import", "app.oci.tar", "--to", &gap.far("other")])
        .await;
}

#[tokio::test]
async fn the_archive_goes_when_all_of_it_has_arrived() {
    let (gap, graph) = Gap::with_app().await;
    gap.export(&[]).await;
    let to = gap.far("");
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--delete-source-on-success",
    ];
    // Another artifact is in the way: it stays.
    let at = gap.far.repository("acme/app");
    unsigned_app().0.push_to(&remote(&at)).await.unwrap();
    gap.run(1, &import).await;
    assert!(gap.path("app.oci.tar").exists());
    gap.run(0, &[&import[..], &["--overwrite-tags"]].concat())
        .await;
    assert!(!gap.path("app.oci.tar").exists());
    gap.assert_far("acme/app", &graph).await;
}

#[tokio::test]
async fn whoever_deletes_the_archive_looks_below_the_tag() {
    let (gap, graph) = Gap::with_app().await;
    gap.export(&[]).await;
    let to = gap.far("");
    let import = ["import", "app.oci.tar", "--to", &to];
    gap.run(0, &import).await;
    let asked = gap.far.count(Route::HeadBlob);
    gap.run(0, &import).await;
    assert_eq!(gap.far.count(Route::HeadBlob), asked);
    gap.run(0, &[&import[..], &["--delete-source-on-success"]].concat())
        .await;
    let blobs = graph.blobs().len();
    assert_eq!(gap.far.count(Route::HeadBlob) - asked, blobs);
    assert!(!gap.path("app.oci.tar").exists());
}

#[tokio::test]
async fn other_names_and_a_statement() {
    let (gap, graph) = Gap::with_app().await;
    gap.key("state").await;
    gap.export(&[]).await;
    let to = gap.far("m");
    let state = ["--statement", "run.json", "--statement-key", "state.key"];
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--map",
        "{registry}/{name}",
    ];
    gap.run(0, &[&import[..], &state].concat()).await;
    let host = gap.near.host().replace(':', "-");
    gap.assert_far(&format!("m/{host}/app"), &graph).await;
    let shown = gap
        .run(
            0,
            &["statement", "verify", "run.json", "--key", "state.pub"],
        )
        .await;
    assert!(
        shown.stdout.contains(&gap.near("acme/app:1.4")),
        "{}",
        shown.stdout
    );
    let run = gap
        .run(2, &["import", "app.oci.tar", "--to", "r.example/UPPER"])
        .await;
    assert!(
        run.stderr.contains("is no place to import to"),
        "{}",
        run.stderr
    );
}
