use super::arrived;

#[test]
fn what_has_arrived_is_counted_from_the_last_byte() {
    for (header, bytes) in [
        (None, 0),
        (Some("bytes=0-0"), 1),
        (Some("bytes=0-524287"), 524_288),
        (Some("bytes=5-10"), 0),
        (Some("0-10"), 0),
        (Some("bytes=0-18446744073709551615"), u64::MAX),
    ] {
        assert_eq!(arrived(header), bytes, "{header:?}");
    }
}
