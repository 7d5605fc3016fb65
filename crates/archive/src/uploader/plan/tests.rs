use super::{DEFAULT_PART, Parts};
use crate::store::Capacity;

const S3: Capacity = Capacity {
    min_part: 5 << 20,
    max_part: 5 << 30,
    max_parts: 10_000,
    max_object: None,
    free: None,
};

#[test]
fn parts_grow_only_when_there_would_be_too_many() {
    let most = DEFAULT_PART * 10_000;
    assert_eq!(Parts::choose(1, &S3).unwrap().part_size, DEFAULT_PART);
    assert_eq!(Parts::choose(most, &S3).unwrap().part_size, DEFAULT_PART);
    let grown = Parts::choose(most + 1, &S3).unwrap();
    assert_eq!(grown.part_size, DEFAULT_PART + (1 << 20));
    assert!(grown.count() <= 10_000);
    let large = Parts::choose(1 << 40, &S3).unwrap();
    assert_eq!(large.part_size, 105 << 20);
    assert_eq!(large.count(), 9987);
    assert_eq!(large.in_flight(4), 1);
    assert_eq!(grown.in_flight(4), 3);
}

#[test]
fn the_last_part_takes_what_is_left() {
    let parts = Parts {
        size: 25,
        part_size: 10,
    };
    assert_eq!(parts.count(), 3);
    let all: Vec<_> = (0..4).map(|n| (parts.start(n), parts.length(n))).collect();
    assert_eq!(all, [(0, 10), (10, 10), (20, 5), (25, 0)]);
    assert_eq!(Parts { size: 0, ..parts }.count(), 0);
}

#[test]
fn an_object_too_large_is_refused_with_the_way_out() {
    let fat = Capacity {
        max_object: Some((4 << 30) - 1),
        ..S3
    };
    let error = Parts::choose(4 << 30, &fat).unwrap_err();
    assert_eq!(
        error.to_string(),
        "4294967296 bytes are more than one object can hold here, which is 4294967295"
    );
    assert_eq!(
        error.hint(),
        Some("cut the archive into volumes with `--volume-size 4294967295` or less")
    );
    assert!(Parts::choose((4 << 30) - 1, &fat).is_ok());
}

#[test]
fn small_parts_are_taken_where_the_store_takes_no_larger() {
    let small = Capacity {
        max_part: 4,
        max_parts: 3,
        min_part: 1,
        ..S3
    };
    assert_eq!(Parts::choose(12, &small).unwrap().count(), 3);
    assert!(Parts::choose(13, &small).is_err());
}
