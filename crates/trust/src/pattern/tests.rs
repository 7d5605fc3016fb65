use proptest::prelude::*;

use super::*;

fn expression(written: &str) -> Pattern {
    Pattern::expression(written).unwrap()
}

#[test]
fn an_exact_text_is_no_expression() {
    let pattern = Pattern::exact("a.c");
    assert!(pattern.matches("a.c"));
    assert!(!pattern.matches("abc"));
    assert!(pattern.was_anchored());
    assert_eq!(pattern.to_string(), "a.c");
    assert_eq!(pattern.as_exact(), Some("a.c"));
}

#[test]
fn an_expression_matches_the_whole_text_however_it_is_written() {
    for written in ["ab|cd", "^ab|cd$", "^(ab|cd)$", "(?m)^(ab|cd)$"] {
        let pattern = expression(written);
        for (text, wanted) in [
            ("ab", true),
            ("cd", true),
            ("abx", false),
            ("xcd", false),
            ("ab\n", false),
            ("ab\nx", false),
            ("x\ncd", false),
        ] {
            assert_eq!(pattern.matches(text), wanted, "{written} {text:?}");
        }
    }
    let host = expression(r"https://example\.com/.*");
    assert!(host.matches("https://example.com/a"));
    assert!(!host.matches("https://example.com.evil.test/https://example.com/a"));
}

#[test]
fn one_without_anchors_is_told_apart() {
    assert!(!expression("example").was_anchored());
    assert!(!expression("^example").was_anchored());
    assert!(expression("^example$").was_anchored());
    assert_eq!(expression("^example$").to_string(), "/^example$/");
    assert_eq!(expression("example").as_exact(), None);
}

#[test]
fn what_is_no_expression_is_refused() {
    // The third would open and close the group that is put around it.
    for written in [
        "(",
        "a{99999999}",
        "a)|(?:b",
        "(?x) a # comment",
        r"(a)\1",
        "(?=a)",
    ] {
        let error = Pattern::expression(written).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{written}");
        assert_eq!(
            error.message(),
            format!("{written:?} is not a regular expression")
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(written in ".{0,40}", text in ".{0,40}") {
        if let Ok(pattern) = Pattern::expression(written) {
            let _ = pattern.matches(&text);
        }
    }

    #[test]
    fn an_escaped_text_matches_itself_only(text in ".{1,20}", other in ".{0,20}") {
        let pattern = expression(&regex::escape(&text));
        prop_assert!(pattern.matches(&text));
        prop_assert_eq!(pattern.matches(&other), text == other);
        let longer = format!("{text}{other}");
        prop_assert_eq!(pattern.matches(&longer), other.is_empty());
    }
}
