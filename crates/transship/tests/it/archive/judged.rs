//! What a policy lets pass is published under the names that it was asked about, and under no others.

use std::sync::Arc;

use transship_archive::{
    ArchiveSink, Outline, OutlineOptions, WriteOptions, store::FileStore,
    uploader::journal::NoUploadJournal,
};
use transship_oci::{Artifact, MemoryBlob, Placement, Sink as _, Tag};
use transship_testkit::image::Graph;

use super::world::Gap;
use crate::world::image_under;

/// Writes `app.oci.tar`, as whoever can write JSON could.
async fn write(gap: &Gap, graph: &Graph, artifact: Artifact) {
    let (tags, root) = (artifact.tags.clone(), artifact.root.digest);
    let options = OutlineOptions::new("somebody");
    let outline = Arc::new(Outline::of(&[artifact], &options, &|_| Ok(Vec::new())).unwrap());
    let store = Arc::new(FileStore::open(gap.home.path()).unwrap());
    let (written, journal) = (WriteOptions::default(), Arc::new(NoUploadJournal));
    let sink = ArchiveSink::open(store, "app.oci.tar", Arc::clone(&outline), written, journal);
    let sink = sink.await.unwrap();
    for blob in outline.blobs() {
        let bytes = graph.blobs()[&blob.digest].clone();
        let blob = MemoryBlob::new(blob.clone(), bytes);
        sink.put_blob(&blob, &Placement::default()).await.unwrap();
    }
    for manifest in outline.manifests() {
        sink.put_manifest(manifest).await.unwrap();
    }
    let root = graph.manifest(&root).unwrap();
    sink.tag(&tags, root).await.unwrap();
    sink.finish().await.unwrap();
}

#[tokio::test]
async fn every_tag_of_an_artifact_is_judged_by_itself() {
    let gap = Gap::new().await;
    gap.key("vendor").await;
    let graph = image_under(&["dev"]);
    let mut artifact = graph.artifacts("registry.corp.example/acme/app").remove(0);
    let prod: Tag = "prod".parse().unwrap();
    artifact.tags.push(prod);
    write(&gap, &graph, artifact).await;
    gap.home.write(
        "policy.yaml",
        "version: 1\nsigners: {vendor: {key: vendor.pub, tlog: ignore}}\ndefault: {signed-by: vendor}\n\
         rules:\n  - {scope: \"registry.corp.example/acme/app:dev\", unsigned: allow, reason: made here}\n",
    );
    let to = gap.far("");
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--policy",
        "policy.yaml",
    ];
    let run = gap.run(6, &import).await;
    assert!(run.stderr.contains("acme/app:prod"), "{}", run.stderr);
    assert_eq!(gap.writes(), 0);
    gap.run(4, &[&import[..], &["--continue-on-errors"]].concat())
        .await;
    gap.run(0, &["inspect", &gap.far("acme/app:dev")]).await;
    gap.run(1, &["inspect", &gap.far("acme/app:prod")]).await;
}

#[tokio::test]
async fn another_name_wants_somebody_who_answers_for_it() {
    let (gap, graph) = Gap::with_app().await;
    gap.key("carrier").await;
    let host = gap.near.host();
    gap.home.write(
        "policy.yaml",
        "version: 1\ndefault: {unsigned: allow, reason: made here}\n",
    );
    let to = gap.far("");
    let import = [
        "import",
        "app.oci.tar",
        "--to",
        &to,
        "--policy",
        "policy.yaml",
    ];
    gap.export(&["--map", "prod/{name}"]).await;
    let run = gap.run(5, &import).await;
    let told = format!("the archive calls {host}/acme/app prod/app, and nobody answers for that");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert!(gap.far.seen().is_empty());
    gap.export(&[
        "--map",
        "prod/{name}",
        "--key",
        "carrier.key",
        "--overwrite",
    ])
    .await;
    gap.run(
        0,
        &[&import[..], &["--archive-key", "carrier.pub"]].concat(),
    )
    .await;
    gap.assert_far("prod/app", &graph).await;
}
