//! `quickstart`: it ends by itself, says that all is well, and leaves nothing.

use transship_testkit::peers::Home;

use crate::world::{at_home, expect};

#[tokio::test]
async fn it_tells_its_story_and_leaves_nothing() {
    let home = Home::new();
    let run = at_home(&home)
        .limit(std::time::Duration::from_mins(1))
        .run(["quickstart"])
        .await;
    expect(&run, 0);
    for said in [
        "1. Two empty registries",
        "4 of them signatures and the SBOM",
        "+ signature (cosign)  tag sha256-",
        "+ SBOM (SPDX)  referrer",
        "linux/amd64 image",
        "linux/arm64 image",
        "5. Checked: 7 manifests at the target",
        "was asked twice: at the source before anything moved",
        "(linux/amd64) has a signature by quickstart",
        "(linux/arm64) has a signature by quickstart",
        "unsigned: signature-missing: the artifact is refused: sha256:",
        "has no signature by quickstart: there is no evidence beside it",
        "tampered: policy-refused: the artifact is refused: sha256:",
        "Three commands to try next:",
    ] {
        assert!(run.stdout.contains(said), "{said}\n{}", run.stdout);
    }
    let left: Vec<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
