//! Archives of other tools: taken in, with their limits said.

use std::process::Command;

use super::world::Gap;
use crate::world::{image_under, remote};

/// A layout as a folder and as a tar.
fn layout(gap: &Gap) {
    let graph = image_under(&["1"]);
    graph.write_layout(&gap.path("layout")).unwrap();
    let made = Command::new("tar")
        .args(["-C", "layout", "-cf", "layout.tar", "."])
        .current_dir(gap.home.path())
        .status();
    assert!(made.unwrap().success());
}

#[tokio::test]
async fn a_layout_is_taken_from_a_folder_and_from_a_tar() {
    let gap = Gap::new().await;
    layout(&gap);
    for (at, archive) in ["oci:layout", "oci-archive:layout.tar", "layout.tar"]
        .iter()
        .enumerate()
    {
        let to = gap.far(&format!("m{at}"));
        let import = ["import", archive, "--to", &to, "--map", "acme/app"];
        let run = gap.run(0, &import).await;
        assert!(
            run.stderr.contains("there is no signed inventory"),
            "{}",
            run.stderr
        );
        let place = gap.far.repository(&format!("m{at}/acme/app"));
        image_under(&["1"]).assert_in(&remote(&place)).await;
    }
    let run = gap.run(0, &["archive", "inspect", "layout.tar"]).await;
    assert!(run.stdout.contains("by another tool"), "{}", run.stdout);
}

#[tokio::test]
async fn what_needs_an_inventory_is_refused() {
    let gap = Gap::new().await;
    layout(&gap);
    let to = gap.far("");
    for flag in [
        "--delete-source-on-success",
        "--archive-key=k.pub",
        "--request=r.json",
    ] {
        let run = gap
            .run(1, &["import", "layout.tar", "--to", &to, flag])
            .await;
        assert!(
            run.stderr.contains("this archive has none"),
            "{flag}: {}",
            run.stderr
        );
    }
    let run = gap.run(1, &["archive", "verify", "layout.tar"]).await;
    assert!(
        run.stderr.contains("another tool wrote this archive"),
        "{}",
        run.stderr
    );
    let run = gap.run(2, &["import", "layout.tar", "--to", &to]).await;
    assert!(
        run.stderr.contains("--map"),
        "an artifact without a name: {}",
        run.stderr
    );
    gap.home
        .write("text.tar", "this is no tar at all".repeat(100));
    gap.run(1, &["import", "text.tar", "--to", &to]).await;
}

/// As hauler's hauls are, but for the compression, which is zstd there.
#[tokio::test]
async fn what_is_compressed_as_a_whole_is_unpacked_and_leaves_nothing() {
    let gap = Gap::new().await;
    layout(&gap);
    let packed = Command::new("gzip")
        .arg("layout.tar")
        .current_dir(gap.home.path())
        .status();
    assert!(packed.unwrap().success());
    let to = gap.far("m");
    let before = std::fs::read_dir(gap.home.path()).unwrap().count();
    gap.run(
        0,
        &["import", "layout.tar.gz", "--to", &to, "--map", "acme/app"],
    )
    .await;
    let place = gap.far.repository("m/acme/app");
    image_under(&["1"]).assert_in(&remote(&place)).await;
    let after = std::fs::read_dir(gap.home.path()).unwrap().count();
    // The state folder alone is new.
    assert!(after <= before + 1, "{after} where there were {before}");
}
