use futures::{TryStreamExt as _, executor::block_on};
use proptest::prelude::*;

use super::*;
use crate::{Algorithm, Digest};

fn verifier(bytes: &[u8]) -> Verifier {
    Verifier::new(Descriptor::of("application/octet-stream", bytes))
}

fn message(result: Result<()>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn a_blob_in_memory_opens_anywhere() {
    let bytes = Bytes::from_static(b"0123456789");
    let blob = MemoryBlob::new(Descriptor::of("x", &bytes), bytes.clone());
    let read = |from| -> Vec<Bytes> {
        block_on(async { blob.open(from).await?.try_collect().await }).unwrap()
    };
    assert_eq!(read(0).concat(), bytes);
    assert_eq!(read(7).concat(), &bytes[7..]);
    assert_eq!(read(10).concat(), b"");
    assert_eq!(read(u64::MAX).concat(), b"");
    assert_eq!(blob.hash_state(), None);
    assert_eq!(blob.restore(&Hasher::new(Algorithm::Sha256).save()), 0);
}

#[test]
fn the_right_bytes_pass() {
    let verifier = verifier(b"hello world");
    verifier.pass(0, b"hello").unwrap();
    verifier.pass(5, b" world").unwrap();
    verifier.ended(11).unwrap();
    assert_eq!(verifier.state().length, 11);
}

#[test]
fn wrong_bytes_are_found_at_the_end() {
    let verifier = verifier(b"hello");
    let expected = verifier.descriptor().digest;
    verifier.pass(0, b"hel").unwrap();
    let found = Digest::sha256(b"helLO");
    assert_eq!(
        message(verifier.pass(3, b"LO")),
        (
            ErrorKind::DigestMismatch,
            format!("blob {expected} came with bytes that hash to {found}")
        )
    );
}

#[test]
fn one_byte_too_many_is_refused_before_it_is_hashed() {
    let verifier = verifier(b"hello");
    let expected = verifier.descriptor().digest;
    let wanted = format!("blob {expected} came with more than the 5 bytes promised");
    assert_eq!(
        message(verifier.pass(0, b"hello!")),
        (ErrorKind::DigestMismatch, wanted.clone())
    );
    assert_eq!(verifier.state().length, 0);
    verifier.pass(0, b"hello").unwrap();
    assert_eq!(
        message(verifier.pass(5, b"!")),
        (ErrorKind::DigestMismatch, wanted)
    );
}

#[test]
fn an_early_end_may_be_tried_again() {
    let verifier = verifier(b"hello");
    verifier.pass(0, b"hel").unwrap();
    let error = verifier.ended(3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry(), crate::Retry::Now);
    let expected = verifier.descriptor().digest;
    assert_eq!(
        error.message(),
        format!("blob {expected} ended after 3 of 5 bytes")
    );
    // A second reading, from where it stopped or from the start, goes on.
    verifier.pass(0, b"hell").unwrap();
    verifier.pass(4, b"o").unwrap();
    verifier.ended(5).unwrap();
}

#[test]
fn bytes_behind_a_gap_pass_unhashed() {
    let verifier = verifier(b"hello");
    verifier.pass(3, b"XX").unwrap();
    assert_eq!(verifier.state().length, 0);
    // Those that close the gap are hashed, whatever passed before.
    verifier.pass(0, b"hello").unwrap();
    assert_eq!(verifier.state().length, 5);
}

#[test]
fn bytes_seen_before_are_not_looked_at_again() {
    let verifier = verifier(b"hello");
    verifier.pass(0, b"hel").unwrap();
    verifier.pass(0, b"XXX").unwrap();
    verifier.pass(1, b"XXlo").unwrap();
    assert_eq!(verifier.state().length, 5);
}

#[test]
fn an_empty_blob_is_checked_too() {
    verifier(b"").ended(0).unwrap();
    let lie = Verifier::new(Descriptor::new("x", Digest::sha256(b"something"), 0));
    assert_eq!(lie.ended(0).unwrap_err().kind(), ErrorKind::DigestMismatch);
}

#[test]
fn a_saved_hash_is_taken_up_only_if_it_helps() {
    let bytes = b"hello world";
    let first = verifier(bytes);
    first.pass(0, b"hello").unwrap();
    let saved = first.state();
    let second = verifier(bytes);
    assert_eq!(second.restore(&saved), 5);
    second.pass(5, b" world").unwrap();
    assert_eq!(second.restore(&saved), 11, "less than what is known");
    let short = verifier(b"hell");
    assert_eq!(short.restore(&saved), 0, "more than the blob has");
}

proptest! {
    #[test]
    fn any_readings_that_cover_it_all_hash_each_byte_once(
        bytes in proptest::collection::vec(any::<u8>(), 1..300),
        cuts in proptest::collection::vec((0_usize..300, 1_usize..100), 0..10),
    ) {
        let verifier = verifier(&bytes);
        for (from, length) in cuts {
            let from = from.min(bytes.len());
            let end = (from + length).min(bytes.len());
            verifier.pass(from as u64, &bytes[from..end]).unwrap();
        }
        let known = usize::try_from(verifier.state().length).unwrap();
        verifier.pass(known as u64, &bytes[known..]).unwrap();
        prop_assert_eq!(verifier.state().length, bytes.len() as u64);
        prop_assert!(verifier.ended(bytes.len() as u64).is_ok());
    }
}
