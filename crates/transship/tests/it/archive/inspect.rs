//! `archive inspect`, `tree`, `verify`, `diff` and `trust`.

use std::fs;

use super::world::{Gap, inventory};
use crate::world::{image_under, json};

#[tokio::test]
async fn what_is_in_it_is_said_without_a_look_at_layers() {
    let (gap, _) = Gap::with_app().await;
    gap.key("k").await;
    let lineage = ["--lineage", "weekly", "--sequence", "7"];
    let flags = [&["--key", "k.key", "--trust-file", "k.pub"][..], &lineage].concat();
    let exported = gap.export(&flags).await;
    let run = gap.run(0, &["archive", "inspect", "app.oci.tar"]).await;
    for said in [
        &inventory(&exported),
        "1 signature, not judged here",
        "weekly, number 7",
        "k.pub",
        "acme/app:1.4 → acme/app:1.4",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let shown = gap
        .run(
            0,
            &["archive", "inspect", "app.oci.tar", "--format", "json"],
        )
        .await;
    let shown = json(&shown);
    assert_eq!(shown["digest"].as_str().unwrap(), inventory(&exported));
    assert_eq!(shown["inventory"]["sequence"], 7);
    let raw = gap
        .run(0, &["archive", "inspect", "app.oci.tar", "--raw"])
        .await;
    let raw: serde_json::Value = serde_json::from_str(&raw.stdout).unwrap();
    assert_eq!(raw, shown["inventory"]);
}

#[tokio::test]
async fn its_tree_is_that_of_the_registry() {
    let (gap, _) = Gap::with_app().await;
    gap.export(&[]).await;
    let reference = gap.near("acme/app:1.4");
    let there = gap.run(0, &["tree", &reference]).await;
    let here = gap
        .run(0, &["archive", "tree", "app.oci.tar", &reference])
        .await;
    assert_eq!(here.stdout, there.stdout);
    let none = gap.near("acme/none:1");
    gap.run(1, &["archive", "tree", "app.oci.tar", &none]).await;
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_priced() {
    let (gap, _) = Gap::with_app().await;
    gap.key("k").await;
    gap.export(&["--key", "k.key"]).await;
    let verify = ["archive", "verify", "app.oci.tar", "--archive-key", "k.pub"];
    let run = gap.run(0, &verify).await;
    assert!(
        run.stdout.contains("every byte is as it was written"),
        "{}",
        run.stdout
    );
    let path = gap.path("app.oci.tar");
    let mut bytes = fs::read(&path).unwrap();
    // The last blob ends before the two blocks of zeros at the end.
    let at = bytes.len() - 1024 - 512;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = gap.run(1, &verify).await;
    assert!(run.stdout.contains("damaged"), "{}", run.stdout);
    assert!(
        run.stdout.contains(&gap.near("acme/app:1.4")),
        "{}",
        run.stdout
    );
    let to = gap.far("");
    gap.run(1, &["import", "app.oci.tar", "--to", &to]).await;
    let tags = gap.tool().run(["tags", &gap.far("acme/app")]).await;
    assert!(
        !tags.stdout.contains("1.4"),
        "no tag over damaged layers: {}",
        tags.stdout
    );
}

#[tokio::test]
async fn two_archives_are_told_apart() {
    let (gap, _) = Gap::with_app().await;
    gap.export(&[]).await;
    gap.put("acme/more", &image_under(&["1"])).await;
    let (app, more) = (gap.near("acme/app:1.4"), gap.near("acme/more:1"));
    gap.run(0, &["export", &app, &more, "--to", "new.oci.tar"])
        .await;
    let run = gap
        .run(0, &["archive", "diff", "app.oci.tar", "new.oci.tar"])
        .await;
    assert!(
        run.stdout.starts_with(&format!("+ {more}  sha256:")),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("1 artifact the same; 2 blobs added"),
        "{}",
        run.stdout
    );
    let same = [
        "archive",
        "diff",
        "app.oci.tar",
        "app.oci.tar",
        "--exit-nothing",
    ];
    gap.run(3, &same).await;
    gap.key("k").await;
    gap.run(0, &["sign", &app, "--key", "k.key"]).await;
    gap.run(0, &["export", &app, "--to", "signed.oci.tar"])
        .await;
    let run = gap
        .run(0, &["archive", "diff", "app.oci.tar", "signed.oci.tar"])
        .await;
    assert!(run.stdout.contains("other referrers"), "{}", run.stdout);
}

#[tokio::test]
async fn trust_files_are_listed_and_never_put_over_others() {
    let (gap, _) = Gap::with_app().await;
    gap.key("k").await;
    gap.export(&["--trust-file", "k.pub"]).await;
    let run = gap.run(0, &["archive", "trust", "app.oci.tar"]).await;
    assert!(run.stdout.trim_end().ends_with("k.pub"), "{}", run.stdout);
    assert!(
        run.stderr.contains("makes nobody trust it"),
        "{}",
        run.stderr
    );
    fs::create_dir(gap.path("out")).unwrap();
    let extract = ["archive", "trust", "app.oci.tar", "--extract", "out"];
    gap.run(0, &extract).await;
    let (out, own) = (fs::read(gap.path("out/k.pub")), fs::read(gap.path("k.pub")));
    assert_eq!(out.unwrap(), own.unwrap());
    let run = gap.run(1, &extract).await;
    assert!(run.stderr.contains("is there already"), "{}", run.stderr);
}
