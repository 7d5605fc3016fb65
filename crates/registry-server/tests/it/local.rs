use bytes::Bytes;
use std::sync::Arc;
use transship_oci::{
    Descriptor, ErrorKind, MemoryBlob, Placed, Placement, RawManifest, Sink, Source, media_type,
};
use transship_registry_server::{Disk, Local, Store as _};
use transship_testkit::contract::{self, Pair};

use crate::support::image_json;

fn pair(local: &Local) -> Pair {
    let (source, sink) = (local.clone(), local.clone());
    Pair::new(
        move || Arc::new(source.clone()),
        move || Arc::new(sink.clone()),
    )
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(async || pair(&Local::memory("contract"))).await;
}

#[tokio::test]
async fn a_layout_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    contract::check(async || {
        count += 1;
        let folder = folder.path().join(count.to_string());
        pair(&Local::disk(&folder).await.unwrap())
    })
    .await;
}

#[tokio::test]
async fn a_layout_opened_again_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::disk(folder.path()).await.unwrap();
    let content = Bytes::from_static(b"{}");
    let node = Descriptor::of(media_type::OCI_CONFIG, &content);
    let blob = MemoryBlob::new(node.clone(), content);
    let placed = local.put_blob(&blob, &Placement::default()).await.unwrap();
    assert_eq!(placed, Placed::Sent(2));
    let again = local.put_blob(&blob, &Placement::default()).await.unwrap();
    assert_eq!(again, Placed::Present);
    let json = image_json(&node.digest, &node.digest, 2, "");
    let manifest = RawManifest::named(media_type::OCI_MANIFEST, json.into()).unwrap();
    let tags = ["a", "b"].map(|tag| tag.parse().unwrap());
    local.tag(&tags, &manifest).await.unwrap();
    let before = local.snapshot().await.unwrap();
    assert_eq!(before.tags.len(), 2);
    assert_eq!(before.manifests, [manifest.digest()].into());
    assert_eq!(before.blobs, [node.digest].into());
    drop(local);
    let after = Local::disk(folder.path()).await.unwrap();
    assert_eq!(after.snapshot().await.unwrap(), before);
}

#[tokio::test]
async fn errors_name_side_place_and_digest() {
    let local = Local::memory("x");
    let missing = Descriptor::of(media_type::OCI_CONFIG, b"{}");
    let json = image_json(&missing.digest, &missing.digest, 2, "");
    let manifest = RawManifest::named(media_type::OCI_MANIFEST, json.into()).unwrap();
    let error = local.put_manifest(&manifest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        format!(
            "target memory:x: put manifest: manifest {} names blob {}, which is not here",
            manifest.digest(),
            missing.digest
        )
    );
    let error = Source::manifest(&local, manifest.descriptor())
        .await
        .unwrap_err();
    let expected = format!(
        "source memory:x: manifest {} is not here",
        manifest.digest()
    );
    assert_eq!(error.to_string(), expected);
    let error = local.blob(&missing, 0).await.err().unwrap();
    let expected = format!("source memory:x: blob {} is not here", missing.digest);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_repository_of_a_registry_is_a_place_to_copy_from() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).await.unwrap();
    let local = Local::new(disk.create("a/b").await.unwrap(), "a/b");
    assert!(!local.may_have_referrers().await.unwrap());
    assert_eq!(Source::location(&local).to_string(), "a/b");
    let other = Disk::open(folder.path()).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict);
}
