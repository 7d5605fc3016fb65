//! Damage of every kind is found, and named.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use transship_oci::ErrorKind;
use transship_testkit::image::{Graph, Image, layer};

use super::{Draft, REPOSITORY, stored, stored_set};
use crate::{
    Archive, Fault, Wrong,
    layout::{self, CHECKSUMS},
    store::{Call, Memory, Watched},
};

fn draft() -> Draft {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 700)));
    graph.tag("1", &image);
    graph.sign_in_tag(&image, &[b"signed"]);
    let mut draft = Draft::of(&graph, REPOSITORY);
    draft.trust("vendor.pub", b"a key");
    draft.seals.push("a signature".into());
    let blobs = graph.tagged("1").unwrap().children().unwrap().blobs;
    let layer = layout::blob_path(&blobs[1].digest);
    let config = layout::blob_path(&blobs[0].digest);
    draft.docker =
        format!(r#"[{{"Config":"{config}","RepoTags":["{REPOSITORY}:1"],"Layers":["{layer}"]}}]"#);
    draft
}

async fn faults(store: &Memory, name: &str) -> Result<Vec<Fault>, transship_oci::Error> {
    Archive::open(Arc::new(store.clone()), name)
        .await?
        .verify(&|_| {})
        .await
}

#[tokio::test]
async fn what_is_sound_has_no_faults() {
    let draft = draft();
    let store = stored(&draft);
    let archive = Archive::open(Arc::new(store), "x.oci.tar")
        .await
        .expect("an archive");
    let seen = AtomicU64::new(0);
    let count = |bytes| {
        seen.fetch_add(bytes, Ordering::Relaxed);
    };
    assert_eq!(archive.verify(&count).await.expect("an answer"), []);
    let wanted: u64 = draft.inventory.blobs.iter().map(|blob| blob.size).sum();
    assert_eq!(seen.into_inner(), wanted);
}

#[tokio::test]
async fn no_bit_can_be_flipped_unseen() {
    let bytes = draft().volume(1);
    let store = Memory::new("memory://store");
    for at in (0..bytes.len()).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        store.insert("x", damaged, BTreeMap::new());
        match faults(&store, "x").await {
            Ok(faults) => assert_eq!(faults.len(), 1, "byte {at}: {faults:?}"),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported),
                "byte {at}: {error}"
            ),
        }
    }
}

#[tokio::test]
async fn no_bit_of_a_set_can_be_flipped_unseen() {
    let mut draft = draft();
    draft.lay(2048);
    let (store, names) = stored_set(&draft);
    assert_eq!(faults(&store, &names[0]).await.expect("an answer"), []);
    for (name, number) in names.iter().zip(1..) {
        let bytes = draft.volume(number);
        for at in (0..bytes.len()).step_by(17) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            store.insert(name, damaged, BTreeMap::new());
            let found = faults(&store, &names[0]).await.expect("an answer");
            assert!(!found.is_empty(), "byte {at} of {name}");
            let culprits: Vec<u32> = found.iter().map(|fault| fault.volume).collect();
            assert!(
                culprits.iter().all(|it| *it == number),
                "byte {at} of {name}: {found:?}"
            );
        }
        store.insert(name, bytes, BTreeMap::new());
    }
}

/// One fault, as it is told, of an archive whose byte at an offset behind the head was changed.
async fn told(at: usize) -> String {
    let draft = draft();
    let mut bytes = draft.volume(1);
    let sound = Archive::open(Arc::new(stored(&draft)), "x.oci.tar")
        .await
        .expect("an archive");
    let head = usize::try_from(sound.head.volume(1).unwrap().head).unwrap();
    bytes[head + at] ^= 1;
    let store = Memory::new("memory://store");
    store.insert("x", bytes, BTreeMap::new());
    let faults = faults(&store, "x").await.expect("an answer");
    assert_eq!(faults.len(), 1);
    let text = faults[0].to_string();
    text.strip_prefix("volume 1 (memory://store/x): ")
        .expect("the place")
        .to_owned()
}

#[tokio::test]
async fn each_fault_is_named() {
    let first = draft().inventory.blobs[0].clone();
    let path = layout::blob_path(&first.digest);
    let size = usize::try_from(first.size).unwrap();
    assert_eq!(told(10).await, format!("the header of {path} was changed"));
    let told_content = told(512).await;
    assert!(
        told_content.starts_with(&format!("{path} hashes to sha256:")),
        "{told_content}"
    );
    assert_eq!(
        told(512 + size).await,
        format!("something stands behind {path}")
    );
    let length = draft().inventory.volumes[0].body;
    let end = usize::try_from(length).unwrap();
    assert_eq!(told(end).await, "the tar does not end as it should");
    assert_eq!(told(end + 1023).await, "the tar does not end as it should");
}

#[tokio::test]
async fn the_volume_whose_part_is_damaged_is_the_culprit() {
    let mut draft = draft();
    draft.lay(1024);
    let cut = draft
        .inventory
        .blobs
        .iter()
        .find(|blob| blob.pieces.len() > 1)
        .unwrap()
        .clone();
    let (store, names) = stored_set(&draft);
    let piece = &cut.pieces[0];
    let archive = Archive::open(Arc::new(store.clone()), &names[0])
        .await
        .expect("an archive");
    let start =
        usize::try_from(archive.head.volume(piece.volume).unwrap().head + piece.offset).unwrap();
    let name = &names[piece.volume as usize - 1];
    let mut bytes = draft.volume(piece.volume);
    bytes[start] ^= 1;
    store.insert(name, bytes.clone(), BTreeMap::new());
    let found = faults(&store, name).await.expect("an answer");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].volume, &found[0].wrong),
        (piece.volume, &Wrong::Part)
    );
    assert_eq!(found[0].blob, Some(cut.digest));
    assert_eq!(archive.using(&cut.digest).len(), 1);
    // Whoever changes the checksum with it is found out at the end of the blob.
    let sum = |bytes: &[u8]| transship_oci::Digest::sha256(bytes).hex();
    let size = usize::try_from(piece.size).unwrap();
    let sound = draft.volume(piece.volume);
    let (old, new) = (
        sum(&sound[start..start + size]),
        sum(&bytes[start..start + size]),
    );
    let at = bytes
        .windows(64)
        .position(|window| window == old.as_bytes())
        .expect("the line");
    bytes[at..at + 64].copy_from_slice(new.as_bytes());
    store.insert(name, bytes, BTreeMap::new());
    let found = faults(&store, name).await.expect("an answer");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(matches!(found[0].wrong, Wrong::Parts(_)), "{found:?}");
    // And a line that is none is a fault of its own.
    let mut bytes = draft.volume(piece.volume);
    let at = bytes
        .windows(64)
        .position(|window| window == old.as_bytes())
        .expect("the line");
    bytes[at + 64] = b'x';
    store.insert(name, bytes, BTreeMap::new());
    let found = faults(&store, name).await.expect("an answer");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        format!(
            "volume {} (memory://store/{name}): {CHECKSUMS} are not of the form that is written",
            piece.volume
        )
    );
}

#[tokio::test]
async fn a_missing_volume_is_a_fault() {
    let mut draft = draft();
    draft.lay(2048);
    let (store, names) = stored_set(&draft);
    crate::Store::delete(&store, &names[1]).await.unwrap();
    let found = faults(&store, &names[0]).await.expect("an answer");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        format!(
            "volume 2 (memory://store/{0}): source memory://store/{0}: {0} is not there",
            names[1]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_breaks_is_gone_on_with() {
    let mut graph = Graph::new();
    let long = "x".repeat(250_000);
    let image = Image::new()
        .annotated("filling", &long)
        .layer(layer::noise(1, 300_000));
    let image = graph.image(image);
    graph.tag("1", &image);
    let draft = Draft::of(&graph, REPOSITORY);
    let store = Watched::new(Arc::new(stored(&draft))).cutting_reads(100_000);
    let archive = Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    let reads = || store.count(|call| matches!(call, Call::Read(..)));
    assert!(reads() > 1);
    let before = reads();
    assert_eq!(archive.verify(&|_| {}).await.expect("an answer"), []);
    assert!(reads() > before + 2);
}
