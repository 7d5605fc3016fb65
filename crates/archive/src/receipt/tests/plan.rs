use std::collections::BTreeMap;

use proptest::prelude::*;
use transship_oci::{Artifact, Descriptor, Digest, Reference, Repository};

use super::{
    super::{Held, Holding, Holdings, Reach, against},
    digest, repository, sorted,
};
use crate::request::{Missing, Request};

/// An artifact that has these blobs and nothing else that counts here.
fn artifact(blobs: &[(u8, u64)]) -> Artifact {
    let root = Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"root");
    let blob =
        |(name, size): &(u8, u64)| Descriptor::new("layer", digest(&name.to_string()), *size);
    Artifact {
        reference: Reference {
            repository: "source.example/app".parse().unwrap(),
            tag: None,
            digest: Some(root.digest),
        },
        tags: Vec::new(),
        root,
        manifests: Vec::new(),
        referrers: Vec::new(),
        blobs: blobs.iter().map(blob).collect(),
        foreign: Vec::new(),
    }
}

fn holdings(held: &[(Repository, Vec<(u8, u64)>)]) -> Holdings {
    let mut holdings = Holdings::default();
    for (repository, blobs) in held {
        let blobs: BTreeMap<_, _> = blobs.iter().copied().collect();
        let blobs = blobs.into_iter().map(|(name, size)| Held {
            digest: digest(&name.to_string()),
            size,
        });
        holdings.add(&Holding {
            repository: repository.clone(),
            tags: Vec::new(),
            manifests: Vec::new(),
            blobs: sorted(blobs.collect()),
        });
    }
    holdings
}

#[test]
fn a_blob_is_left_out_only_where_all_who_need_it_find_it() {
    let held = holdings(&[
        (repository("a"), vec![(1, 10), (2, 20)]),
        (repository("b"), vec![(2, 20)]),
        ("other.example/a".parse().unwrap(), vec![(3, 30), (4, 40)]),
    ]);
    let (to_a, to_b) = (repository("a"), repository("b"));
    let (one, two) = (
        artifact(&[(1, 10), (2, 20), (3, 30)]),
        artifact(&[(1, 10), (2, 20)]),
    );
    let wanted = [(&to_a, &one), (&to_b, &two)];
    let names = |reach| -> Vec<u64> { against(&held, wanted, reach).into_values().collect() };
    let (mut registry, repository) = (names(Reach::Registry), names(Reach::Repository));
    registry.sort_unstable();
    assert_eq!(repository, [20]);
    assert_eq!(registry, [10, 20]);
    // Of another size it is not the same, whatever its digest.
    let lie = artifact(&[(1, 11)]);
    assert!(against(&held, [(&to_a, &lie)], Reach::Registry).is_empty());
    assert!(against(&held, [(&to_a, &lie), (&to_a, &one)], Reach::Registry).len() == 1);
}

#[test]
fn a_request_is_answered_with_what_it_asks_for_alone() {
    let artifact = artifact(&[(1, 10), (2, 20), (3, 30)]);
    let missing = Missing {
        digest: digest("2"),
        size: 20,
    };
    let request = Request::new("g", "t", digest("archive"), [], [missing]).unwrap();
    let left_out = request.prerequisites([&artifact]);
    assert_eq!(left_out, [digest("1"), digest("3")].into());
}

type Blobs = Vec<(u8, u64)>;

fn blobs() -> impl Strategy<Value = Blobs> {
    prop::collection::vec((0_u8..12, 1_u64..3), 0..8)
}

fn places<T: std::fmt::Debug>(
    content: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(Repository, T)>> {
    let place = prop::sample::select(vec![
        "r.example/a",
        "r.example/b",
        "r.example/c",
        "s.example/a",
    ]);
    let place = place.prop_map(|name| name.parse().unwrap());
    prop::collection::vec((place, content), 0..5)
}

/// Does the receipt say that whoever imports to `to` finds this blob?
fn finds(held: &[(Repository, Blobs)], to: &Repository, blob: (Digest, u64), reach: Reach) -> bool {
    let mut known = BTreeMap::new();
    for (place, blobs) in held {
        for (name, size) in blobs {
            known.insert((place, digest(&name.to_string())), *size);
        }
    }
    known.into_iter().any(|((place, digest), size)| {
        let near = match reach {
            Reach::Repository => place == to,
            Reach::Registry => place.registry() == to.registry(),
        };
        near && (digest, size) == blob
    })
}

proptest! {
    #[test]
    fn what_is_not_carried_is_always_in_the_receipt(
        held in places(blobs()),
        wanted in places(blobs()),
        registry in any::<bool>(),
    ) {
        let reach = if registry { Reach::Registry } else { Reach::Repository };
        let wanted: Vec<_> = wanted.iter().map(|(to, blobs)| (to, artifact(blobs))).collect();
        let pairs = wanted.iter().map(|(to, artifact)| (*to, artifact));
        // By way of the bytes that are really carried back.
        let receipt = holdings(&held).receipt("g", "t").unwrap().to_json().unwrap();
        let read = Holdings::of(&super::super::Receipt::parse(&receipt).unwrap());
        let left_out = against(&read, pairs, reach);
        let mut found = BTreeMap::<Digest, bool>::new();
        for (to, artifact) in &wanted {
            for blob in &artifact.blobs {
                let finds = finds(&held, to, (blob.digest, blob.size), reach);
                *found.entry(blob.digest).or_insert(true) &= finds;
            }
        }
        // Exactly those: nothing that somebody would miss, and nothing carried for nobody.
        let found: Vec<_> = found.into_iter().filter(|(_, all)| *all).map(|(digest, _)| digest).collect();
        prop_assert_eq!(left_out.into_keys().collect::<Vec<_>>(), found);
    }
}
