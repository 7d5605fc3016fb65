use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<(u64, bool)> {
    parse(text).map(|offset| (offset.bytes, offset.unsure))
}

#[test]
fn a_range_says_how_much_is_there() {
    assert_eq!(read("0-41"), Some((42, false)));
    assert_eq!(read("bytes=0-41"), Some((42, false)));
    assert_eq!(read(" bytes 0-1 "), Some((2, false)));
}

#[test]
fn nothing_is_written_in_several_ways() {
    assert_eq!(read("0-0"), Some((0, true)));
    assert_eq!(read("0--1"), Some((0, false)));
    assert_eq!(read("0-"), Some((0, false)));
}

#[test]
fn what_has_a_hole_or_no_number_is_no_offset() {
    assert_eq!(read("5-41"), None);
    assert_eq!(read("0-18446744073709551615"), None);
    assert_eq!(read("0-x"), None);
    assert_eq!(read(""), None);
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "\\PC{0,40}") {
        _ = parse(&text);
    }
}
