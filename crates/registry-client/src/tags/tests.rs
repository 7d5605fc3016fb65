use proptest::prelude::*;

use super::*;

fn names(body: &str) -> Vec<String> {
    let tags = parse(body.as_bytes()).unwrap();
    tags.iter().map(ToString::to_string).collect()
}

#[test]
fn the_order_is_the_registrys() {
    assert_eq!(names(r#"{"name":"a","tags":["b","a"]}"#), ["b", "a"]);
}

#[test]
fn no_tags_are_written_in_three_ways() {
    assert!(names(r#"{"tags":[]}"#).is_empty());
    assert!(names(r#"{"tags":null}"#).is_empty());
    assert!(names("{}").is_empty());
}

#[test]
fn names_that_are_no_tags_are_left_out() {
    assert_eq!(names(r#"{"tags":["../x","ok",""]}"#), ["ok"]);
}

#[test]
fn a_page_that_is_no_list_is_an_error() {
    let error = parse(b"<html>").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(error.message(), "the list of tags cannot be read");
}

proptest! {
    #[test]
    fn no_body_breaks_it(body in any::<Vec<u8>>()) {
        _ = parse(&body);
    }
}
