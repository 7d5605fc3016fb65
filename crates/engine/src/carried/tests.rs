use futures::TryStreamExt as _;
use transship_oci::{Digest, ErrorKind, Hasher, MemoryBlob, Placement, Sink as _, Unobserved};
use transship_registry_server::Local;

use super::*;

const BYTES: &[u8] = b"every byte is looked at";

/// `bytes` in a repository, and the blob that is promised to be `BYTES`.
async fn blob(bytes: &'static [u8]) -> Carried {
    let source = Local::memory("source");
    let there = Descriptor::of("text/plain", bytes);
    let memory = MemoryBlob::new(there.clone(), bytes.into());
    let placed = source.put_blob(&memory, &Placement::default()).await;
    placed.unwrap();
    let promised = Descriptor {
        digest: Digest::sha256(BYTES),
        ..there
    };
    Carried::new(Arc::new(source), Arc::new(Unobserved), promised)
}

async fn read(blob: &Carried, from: u64) -> Result<Vec<u8>> {
    let pieces: Vec<Bytes> = blob.open(from).await?.try_collect().await?;
    Ok(pieces.concat())
}

fn hash(bytes: &[u8]) -> HashState {
    let mut hasher = Hasher::new(Digest::sha256(BYTES).algorithm());
    hasher.update(bytes);
    hasher.save()
}

#[tokio::test]
async fn the_hash_is_that_of_what_came_before_the_piece_in_hand() {
    let blob = blob(BYTES).await;
    assert_eq!(blob.hash_state(), None);
    let mut pieces = blob.open(0).await.unwrap();
    assert_eq!(pieces.try_next().await.unwrap().unwrap(), BYTES);
    assert_eq!(blob.hash_state().unwrap(), hash(b""));
    assert_eq!(pieces.try_next().await.unwrap(), None);
    assert_eq!(pieces.try_next().await.unwrap(), None, "and still");
    assert_eq!(blob.hash_state().unwrap(), hash(BYTES));
    assert!(blob.is_read());
}

#[tokio::test]
async fn it_opens_anywhere_and_every_byte_is_looked_at() {
    for from in 0..=BYTES.len() {
        let blob = blob(BYTES).await;
        assert_eq!(read(&blob, from as u64).await.unwrap(), &BYTES[from..]);
        assert!(blob.is_read(), "from {from}");
    }
}

#[tokio::test]
async fn a_hash_that_is_taken_up_is_gone_on_with() {
    for known in 1..BYTES.len() {
        let blob = blob(BYTES).await;
        assert_eq!(blob.restore(&hash(&BYTES[..known])), known as u64);
        let from = known as u64;
        assert_eq!(read(&blob, from).await.unwrap(), &BYTES[known..]);
        assert!(blob.is_read());
    }
}

#[tokio::test]
async fn a_hash_of_more_than_is_asked_for_is_of_no_use() {
    let blob = blob(BYTES).await;
    assert_eq!(blob.restore(&hash(&BYTES[..10])), 10);
    assert_eq!(read(&blob, 5).await.unwrap(), &BYTES[5..]);
    assert!(blob.is_read());
}

#[tokio::test]
async fn a_false_hash_does_no_harm_but_to_the_copy() {
    let blob = blob(BYTES).await;
    blob.restore(&hash(b"something else"));
    let error = read(&blob, 14).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn what_was_read_right_once_is_looked_at_again_when_it_is_read_again() {
    let blob = blob(BYTES).await;
    read(&blob, 0).await.unwrap();
    assert!(blob.is_read());
    let mut pieces = blob.open(0).await.unwrap();
    assert!(!blob.is_read());
    assert_eq!(blob.hash_state(), None);
    pieces.try_next().await.unwrap();
    assert_eq!(blob.hash_state().unwrap(), hash(b""));
}

#[tokio::test]
async fn what_is_short_is_not_read() {
    let blob = blob(b"every byte").await;
    let blob = Carried::new(
        Arc::clone(&blob.source),
        Arc::new(Unobserved),
        Descriptor::new("", Digest::sha256(b"every byte"), BYTES.len() as u64),
    );
    // The source ends early each time; nobody waits for it to do better.
    let mut pieces = blob.open(0).await.unwrap();
    assert_eq!(pieces.try_next().await.unwrap().unwrap(), b"every byte"[..]);
    drop(pieces);
    assert!(!blob.is_read());
}
