use proptest::prelude::*;

use super::*;

fn refused(text: &str) -> String {
    read(text, 2).unwrap_err().to_string()
}

#[test]
fn blocks_are_read_and_the_rest_is_commentary() {
    let text = "a note\r\n-----BEGIN A-----\r\nYW\r\nJj\r\n-----END A-----\r\nmore\n-----BEGIN B C-----\n-----END B C-----";
    let blocks = read(text, 2).unwrap();
    let of = |label: &str, der: &[u8]| Block {
        label: label.to_owned(),
        der: der.to_vec(),
    };
    assert_eq!(blocks, [of("A", b"abc"), of("B C", b"")]);
    assert_eq!(read("nothing", 2).unwrap(), []);
}

#[test]
fn what_is_broken_is_refused_without_being_quoted() {
    let secret = "c2VjcmV0";
    for (text, why) in [
        ("-----BEGIN A", "a PEM block has no proper first line"),
        (
            "-----BEGIN A\nB-----",
            "a PEM block has no proper first line",
        ),
        (
            "-----BEGIN A-----\nc2VjcmV0",
            "the PEM block \"A\" does not end",
        ),
        (
            "-----BEGIN A-----\nc2VjcmV0\n-----END B-----",
            "the PEM block \"A\" does not end",
        ),
        (
            "-----BEGIN A-----\nc2VjcmV0!\n-----END A-----",
            "the PEM block \"A\" is not base64",
        ),
    ] {
        assert_eq!(refused(text), why);
        assert!(!refused(text).contains(secret));
    }
    let long = write("A", &vec![0; 60_000]);
    assert_eq!(
        refused(&long),
        "the PEM block \"A\" is longer than 65536 characters"
    );
    assert_eq!(
        refused(&write("A", b"x").repeat(3)),
        "there are more than 2 PEM blocks"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(label in "[A-Z][A-Z ]{0,20}[A-Z]", der in prop::collection::vec(any::<u8>(), 0..500)) {
        let text = write(&label, &der);
        prop_assert!(text.lines().all(|line| line.len() <= 64));
        prop_assert_eq!(read(&text, 1).unwrap(), [Block { label, der }]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(-----BEGIN |-----END |-----|A|\n|=|é|YWJj){0,20}") {
        let _ = read(&text, 3);
    }
}
