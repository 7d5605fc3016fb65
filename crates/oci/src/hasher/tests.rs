use proptest::prelude::*;

use super::*;

fn both() -> [Algorithm; 2] {
    [Algorithm::Sha256, Algorithm::Sha512]
}

#[test]
fn a_state_that_is_not_ours_is_refused() {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(b"abc");
    let good = hasher.save();
    assert!(Hasher::restore(&good).is_some());
    let bad = [
        HashState {
            algorithm: "md5".to_owned(),
            ..good.clone()
        },
        HashState {
            algorithm: "sha512".to_owned(),
            ..good.clone()
        },
        HashState {
            state: Vec::new(),
            ..good.clone()
        },
        HashState {
            state: good.state[1..].to_vec(),
            ..good
        },
    ];
    for state in bad {
        assert!(Hasher::restore(&state).is_none(), "{state:?}");
    }
}

#[test]
fn a_state_survives_a_journal() {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(&[7; 1000]);
    let json = serde_json::to_string(&hasher.save()).unwrap();
    let saved: HashState = serde_json::from_str(&json).unwrap();
    assert_eq!(saved, hasher.save());
    let restored = Hasher::restore(&saved).unwrap();
    assert_eq!(restored.length(), 1000);
    assert_eq!(restored.finish(), hasher.finish());
}

proptest! {
    #[test]
    fn putting_it_down_changes_nothing(head: Vec<u8>, tail: Vec<u8>) {
        for algorithm in both() {
            let mut first = Hasher::new(algorithm);
            first.update(&head);
            let mut second = Hasher::restore(&first.save()).unwrap();
            second.update(&tail);
            prop_assert_eq!(second.length(), (head.len() + tail.len()) as u64);
            let whole = [head.clone(), tail.clone()].concat();
            prop_assert_eq!(second.finish(), Digest::of(algorithm, &whole));
        }
    }
}
