use proptest::prelude::*;

use super::*;

#[test]
fn one_range_is_served_and_cut_to_size() {
    for (header, expected) in [
        ("bytes=0-0", Wanted::Part(0..1)),
        ("bytes=0-99", Wanted::Part(0..100)),
        ("bytes=10-", Wanted::Part(10..100)),
        ("bytes=-10", Wanted::Part(90..100)),
        ("bytes=-1000", Wanted::Part(0..100)),
        ("bytes=50-18446744073709551615", Wanted::Part(50..100)),
        ("bytes=100-", Wanted::Unsatisfiable),
        ("bytes=5-1", Wanted::Unsatisfiable),
        ("bytes=-0", Wanted::Unsatisfiable),
        ("bytes=0-1,5-6", Wanted::All),
        ("bytes=-", Wanted::All),
        ("bytes=+1-2", Wanted::All),
        ("lines=1-2", Wanted::All),
        ("", Wanted::All),
    ] {
        assert_eq!(wanted(Some(header), 100), expected, "{header}");
    }
    assert_eq!(wanted(None, 100), Wanted::All);
}

#[test]
fn an_empty_blob_has_no_range() {
    assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    assert_eq!(wanted(None, 0), Wanted::All);
}

#[test]
fn a_chunk_is_inclusive_at_both_ends() {
    assert_eq!(chunk("0-0"), Some(0..1));
    assert_eq!(chunk("10-19"), Some(10..20));
    assert_eq!(chunk("bytes 10-19/100"), Some(10..20));
    for bad in [
        "",
        "-",
        "1",
        "2-1",
        "-5",
        "a-b",
        "0-18446744073709551615",
        "+1-2",
    ] {
        assert_eq!(chunk(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_wanted_is_never_outside(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", size: u64) {
        if let Wanted::Part(range) = wanted(Some(&header), size) {
            prop_assert!(range.start < range.end && range.end <= size);
        }
    }

    #[test]
    fn any_header_is_read_without_panic(header in "\\PC*", size: u64) {
        let _ = wanted(Some(&header), size);
        let _ = chunk(&header);
    }
}
