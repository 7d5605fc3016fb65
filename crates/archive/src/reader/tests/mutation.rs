//! Archives that were cut, spliced and scribbled on.

use std::{collections::BTreeMap, sync::Arc};

use futures::executor::block_on;
use proptest::prelude::*;
use transship_oci::{Algorithm, Digest, ErrorKind};
use transship_testkit::image::{Graph, Image, layer};

use super::{Draft, REPOSITORY, read, repository};
use crate::{Archive, foreign::Foreign, store::Memory, tar::read::Limits};

/// One thing that was done to the bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Zero(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0_usize..20_000;
    let length = prop_oneof![1_usize..600, Just(512), Just(1024)];
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        at.clone().prop_map(Change::Cut),
        (at.clone(), length.clone()).prop_map(|(at, length)| Change::Remove(at, length)),
        (at.clone(), length.clone()).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at, length).prop_map(|(at, length)| Change::Zero(at, length)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let all = bytes.len();
    let place = |at: usize| at % all.max(1);
    let range = |at: usize, length: usize| {
        let at = place(at);
        at..(at + length).min(all)
    };
    match *change {
        Change::Set(at, byte) => {
            let at = place(at);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        Change::Cut(at) => bytes.truncate(place(at)),
        Change::Remove(at, length) => drop(bytes.drain(range(at, length))),
        Change::Repeat(at, length) => {
            let range = range(at, length);
            let piece = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, piece);
        }
        Change::Zero(at, length) => bytes[range(at, length)].fill(0),
    }
}

fn graph() -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 900)));
    graph.tag("1", &image);
    graph.attach(&image, "application/spdx+json", b"{\"sbom\":1}");
    graph
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Either it is refused, or every byte that comes out of it is right, or verify says what is not.
    #[test]
    fn nothing_wrong_comes_out_of_a_damaged_archive(changes in prop::collection::vec(change(), 1..4)) {
        let mut bytes = Draft::of(&graph(), REPOSITORY).volume(1);
        let before = bytes.clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        let same = before == bytes;
        let store = Arc::new(Memory::new("memory://store"));
        store.insert("x", bytes, BTreeMap::new());
        let opened = block_on(Archive::open(store.clone(), "x"));
        let archive = match opened {
            Ok(archive) => archive,
            Err(error) => {
                prop_assert!(!same);
                let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported];
                prop_assert!(kinds.contains(&error.kind()), "{error:?}");
                // Whoever takes it for another tool's must not stumble either.
                let _ = block_on(Foreign::tar(store, "x", Limits::default()));
                return Ok(());
            }
        };
        let faults = block_on(archive.verify(&|_| {})).unwrap();
        prop_assert_eq!(faults.is_empty(), same);
        let damaged: Vec<Digest> = faults.iter().filter_map(|fault| fault.blob).collect();
        let source = archive.repository(&repository()).unwrap();
        for manifest in graph().manifests() {
            for blob in manifest.children().unwrap().blobs {
                let bytes = block_on(read(&*source, &blob, 0)).unwrap();
                let right = Digest::of(Algorithm::Sha256, &bytes) == blob.digest;
                prop_assert!(right || damaged.contains(&blob.digest));
            }
        }
    }
}
