//! Receipts and requests: only what is missing crosses the gap, and what is lost is asked for.

use std::fs;

use super::world::Gap;
use crate::world::{image_under, json, remote};

#[tokio::test]
async fn only_what_is_missing_is_carried() {
    let (gap, graph) = Gap::with_app().await;
    gap.key("far").await;
    let to = gap.far("m");
    gap.export(&[]).await;
    let back = ["--receipt", "receipt.json", "--receipt-key", "far.key"];
    gap.run(
        0,
        &[&["import", "app.oci.tar", "--to", &to][..], &back].concat(),
    )
    .await;
    // One more image; all else is there.
    gap.put("acme/app", &image_under(&["2"])).await;
    let (old, new) = (gap.near("acme/app:1.4"), gap.near("acme/app:2"));
    let against = ["--against", "receipt.json", "--far-key", "far.pub"];
    let export = [
        "export",
        &old,
        &new,
        "--to",
        "inc.oci.tar",
        "--format",
        "json",
    ];
    let run = gap.run(0, &[&export[..], &against].concat()).await;
    let run = json(&run);
    assert_eq!(run["blobs"], 2, "config and layer of the new image alone");
    let expected = run["prerequisites"].as_u64().unwrap();
    assert!(expected > 5, "{expected}");
    gap.run(0, &["import", "inc.oci.tar", "--to", &to]).await;
    gap.assert_far("m/acme/app", &graph).await;
    gap.assert_far("m/acme/app", &image_under(&["2"])).await;
}

#[tokio::test]
async fn what_is_lost_is_asked_for_and_answered() {
    let (gap, graph) = Gap::with_app().await;
    gap.key("far").await;
    gap.export(&[]).await;
    let elsewhere = gap.far("m");
    gap.run(
        0,
        &[
            "import",
            "app.oci.tar",
            "--to",
            &elsewhere,
            "--receipt",
            "r.json",
        ],
    )
    .await;
    // The receipt is of another place than the one where the archive arrives.
    let receipt = fs::read_to_string(gap.path("r.json")).unwrap();
    let lied = receipt.replace(
        &format!("{}/m", gap.far.host()),
        &format!("{}/n", gap.far.host()),
    );
    gap.home.write("r.json", lied);
    // One of the two is new, and the archive has layers of its own for it.
    gap.put("acme/app", &image_under(&["2"])).await;
    let (old, new) = (gap.near("acme/app:1.4"), gap.near("acme/app:2"));
    let against = ["--to", "inc.oci.tar", "--against", "r.json"];
    gap.run(0, &[&["export", &old, &new][..], &against].concat())
        .await;
    let to = gap.far("n");
    let writes = gap.writes();
    let ask = ["--request", "request.json", "--receipt-key", "far.key"];
    let import = ["import", "inc.oci.tar", "--to", &to];
    let run = gap.run(1, &[&import[..], &ask].concat()).await;
    assert!(
        run.stderr.contains("was to be there already and is not"),
        "{}",
        run.stderr
    );
    assert_eq!(gap.writes(), writes, "nothing was written");
    let answer = [
        "export",
        "--request",
        "request.json",
        "--far-key",
        "far.pub",
    ];
    gap.run(0, &[&answer[..], &["--to", "answer.oci.tar"]].concat())
        .await;
    gap.run(0, &["import", "answer.oci.tar", "--to", &to]).await;
    gap.run(0, &import).await;
    gap.assert_far("n/acme/app", &graph).await;
    gap.assert_far("n/acme/app", &image_under(&["2"])).await;
}

#[tokio::test]
async fn a_receipt_is_believed_from_its_signer_alone() {
    let (gap, _) = Gap::with_app().await;
    gap.key("far").await;
    gap.key("other").await;
    let repository = gap.near("acme/app");
    let receipt = ["archive", "receipt", &repository, "-o", "r.json"];
    gap.run(0, &[&receipt[..], &["--key", "far.key"]].concat())
        .await;
    let reference = gap.near("acme/app:1.4");
    let export = |key: &'static str| {
        [
            "--against",
            "r.json",
            "--far-key",
            key,
            "--to",
            "a.oci.tar",
            "--dry-run",
        ]
    };
    gap.run(
        0,
        &[&["export", &reference][..], &export("far.pub")].concat(),
    )
    .await;
    gap.run(
        5,
        &[&["export", &reference][..], &export("other.pub")].concat(),
    )
    .await;
    let text = fs::read_to_string(gap.path("r.json")).unwrap();
    gap.home.write("r.json", text.replace("1.4", "1.5"));
    gap.run(
        5,
        &[&["export", &reference][..], &export("far.pub")].concat(),
    )
    .await;
    fs::remove_file(gap.path("r.json.sigstore.json")).unwrap();
    gap.run(
        6,
        &[&["export", &reference][..], &export("far.pub")].concat(),
    )
    .await;
    // Written anew without a key, it does not keep the signature of what stood there.
    gap.run(0, &[&receipt[..], &["--key", "far.key"]].concat())
        .await;
    gap.run(0, &receipt).await;
    assert!(!gap.path("r.json.sigstore.json").exists());
}

#[tokio::test]
async fn an_incremental_archive_is_made_whole() {
    let (gap, graph) = Gap::with_app().await;
    gap.export(&[]).await;
    let to = gap.far("m");
    gap.run(
        0,
        &["import", "app.oci.tar", "--to", &to, "--receipt", "r.json"],
    )
    .await;
    let reference = gap.near("acme/app:1.4");
    gap.run(
        0,
        &[
            "export",
            &reference,
            "--to",
            "inc.oci.tar",
            "--against",
            "r.json",
        ],
    )
    .await;
    let (small, large) = (gap.path("inc.oci.tar"), gap.path("app.oci.tar"));
    assert!(fs::metadata(small).unwrap().len() < fs::metadata(&large).unwrap().len());
    gap.run(
        0,
        &[
            "archive",
            "expand",
            "inc.oci.tar",
            "--from",
            &to,
            "--to",
            "whole.oci.tar",
        ],
    )
    .await;
    assert_eq!(
        fs::read(gap.path("whole.oci.tar")).unwrap(),
        fs::read(large).unwrap()
    );
    graph
        .assert_in(&remote(&gap.near.repository("acme/app")))
        .await;
}
