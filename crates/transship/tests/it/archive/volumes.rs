//! Archives in volumes: cut, carried in any order, put together, and used in part.

use std::fs;

use transship_testkit::image::{Graph, Image, layer};

use super::world::Gap;

/// Two images, the second with a layer larger than a volume.
async fn two() -> (Gap, Graph, Graph) {
    let gap = Gap::new().await;
    let (mut small, mut large) = (Graph::new(), Graph::new());
    let image = small.image(Image::new().layer(layer::noise(1, 50_000)));
    small.tag("1", &image);
    let image = large.image(Image::new().layer(layer::noise(2, 900_000)));
    large.tag("1", &image);
    gap.put("acme/small", &small).await;
    gap.put("acme/large", &large).await;
    (gap, small, large)
}

async fn export(gap: &Gap) -> Vec<String> {
    let (small, large) = (gap.near("acme/small:1"), gap.near("acme/large:1"));
    let cut = ["--volume-size", "400kB"];
    gap.run(
        0,
        &[&["export", &small, &large, "--to", "app.oci.tar"][..], &cut].concat(),
    )
    .await;
    let mut names: Vec<String> = fs::read_dir(gap.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("app.oci.v"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn any_volume_stands_for_the_set() {
    let (gap, small, large) = two().await;
    let names = export(&gap).await;
    assert!(names.len() >= 3, "{names:?}");
    for name in &names {
        let size = fs::metadata(gap.path(name)).unwrap().len();
        assert!(size <= 400_000, "{name}: {size}");
        gap.run(0, &["archive", "verify", name]).await;
    }
    let to = gap.far("");
    gap.run(0, &["import", names.last().unwrap(), "--to", &to])
        .await;
    gap.assert_far("acme/small", &small).await;
    gap.assert_far("acme/large", &large).await;
    gap.run(0, &["import", "app.oci.tar", "--to", &to]).await;
}

#[tokio::test]
async fn what_is_whole_is_taken_though_a_volume_is_lost() {
    let (gap, small, _) = two().await;
    let names = export(&gap).await;
    fs::remove_file(gap.path(&names[names.len() - 2])).unwrap();
    let to = gap.far("");
    let run = gap.run(1, &["import", "app.oci.tar", "--to", &to]).await;
    assert!(run.stderr.contains("cannot be used"), "{}", run.stderr);
    assert!(
        run.stderr.contains(&gap.near("acme/large:1")),
        "{}",
        run.stderr
    );
    assert_eq!(gap.writes(), 0);
    gap.run(
        4,
        &["import", "app.oci.tar", "--to", &to, "--continue-on-errors"],
    )
    .await;
    gap.assert_far("acme/small", &small).await;
    let run = gap.run(1, &["archive", "verify", "app.oci.tar"]).await;
    assert!(
        run.stdout.contains(&gap.near("acme/large:1")),
        "{}",
        run.stdout
    );
}

#[tokio::test]
async fn what_was_not_taken_whole_is_not_receipted() {
    let (gap, ..) = two().await;
    let (small, large) = (gap.near("acme/small:1"), gap.near("acme/large:1"));
    let export = ["export", &small, &large, "--to", "app.oci.tar"];
    let how = ["--volume-size", "400kB", "--lineage", "weekly"];
    let export = [&export[..], &how, &["--sequence", "1", "--overwrite"]].concat();
    gap.run(0, &export).await;
    let mut names: Vec<_> = fs::read_dir(gap.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("app.oci.v"))
        .collect();
    names.sort();
    fs::remove_file(&names[names.len() - 2]).unwrap();
    let to = gap.far("");
    let import = ["import", "app.oci.tar", "--to", &to, "--receipt", "r.json"];
    gap.run(4, &[&import[..], &["--continue-on-errors"]].concat())
        .await;
    let receipt = fs::read_to_string(gap.path("r.json")).unwrap();
    assert!(!receipt.contains("weekly"), "{receipt}");
    gap.run(0, &export).await;
    gap.run(0, &import).await;
    let receipt = fs::read_to_string(gap.path("r.json")).unwrap();
    assert!(receipt.contains("weekly"), "{receipt}");
}

#[tokio::test]
async fn split_and_join_undo_each_other() {
    let (gap, _, large) = two().await;
    let (one, two) = (gap.near("acme/small:1"), gap.near("acme/large:1"));
    gap.key("k").await;
    gap.run(0, &["export", &one, &two, "--to", "whole.oci.tar"])
        .await;
    let split = [
        "archive",
        "split",
        "whole.oci.tar",
        "--volume-size",
        "300kB",
    ];
    let run = gap
        .run(
            0,
            &[&split[..], &["--to", "cut.oci.tar", "--key", "k.key"]].concat(),
        )
        .await;
    assert!(
        run.stderr.contains("and the new one is signed"),
        "{}",
        run.stderr
    );
    gap.run(
        0,
        &["archive", "verify", "cut.oci.tar", "--archive-key", "k.pub"],
    )
    .await;
    fs::create_dir(gap.path("other")).unwrap();
    gap.run(0, &["archive", "copy", "cut.oci.tar", "other/"])
        .await;
    gap.run(
        0,
        &[
            "archive",
            "join",
            "other/cut.oci.tar",
            "--to",
            "again.oci.tar",
        ],
    )
    .await;
    let (again, whole) = (gap.path("again.oci.tar"), gap.path("whole.oci.tar"));
    assert_eq!(fs::read(again).unwrap(), fs::read(whole).unwrap());
    let to = gap.far("");
    gap.run(0, &["import", "other/cut.oci.tar", "--to", &to])
        .await;
    gap.assert_far("acme/large", &large).await;
}

#[tokio::test]
async fn delete_after_import_takes_every_volume() {
    let (gap, _, large) = two().await;
    export(&gap).await;
    let to = gap.far("");
    gap.run(
        0,
        &[
            "import",
            "app.oci.tar",
            "--to",
            &to,
            "--delete-source-on-success",
        ],
    )
    .await;
    gap.assert_far("acme/large", &large).await;
    let left = fs::read_dir(gap.home.path()).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".oci.")
    });
    assert_eq!(left.count(), 0);
}
