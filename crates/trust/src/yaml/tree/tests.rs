use super::Tree;

#[test]
fn what_cannot_be_put_together_again_is_refused_with_its_line() {
    for (text, why) in [
        ("a: &x 1\n", "line 1 has an anchor"),
        ("a: 1\nb: &x {c: 1}\n", "line 2 has an anchor"),
        ("a: !t 1\n", "line 1 has a tag"),
        ("? a\n: b\n", "line 1 has a key that is no word"),
        ("[a]: b\n", "line 1 has a key that is no word"),
        ("a:\n  -\n  - b\n", "has an empty item"),
        ("a: 1\n---\nb: 2\n", "has a second document"),
    ] {
        let message = Tree::read(text).unwrap_err().message().to_owned();
        assert!(message.contains(why), "{text:?}: {message}");
    }
    assert_eq!(
        Tree::read("a: [\n").unwrap_err().message(),
        "the YAML cannot be read"
    );
    assert_eq!(
        Tree::read("# nothing\n").unwrap_err().message(),
        "there is nothing in the YAML"
    );
}

#[test]
fn how_it_is_written_does_not_matter_but_what_it_is_does() {
    let says = |one: &str, other: &str| {
        let (one, other) = (Tree::read(one).unwrap(), Tree::read(other).unwrap());
        one.root.says(&other.root)
    };
    assert!(says("a: [b, 'c']\nd: e\n", "d: \"e\"\na:\n- b\n- c\n"));
    assert!(says("a: |\n  b\n  c\n", "a: \"b\\nc\\n\"\n"));
    assert!(!says("a: 1\n", "a: \"1\"\n"));
    assert!(!says("a: true\n", "a: 'true'\n"));
    assert!(!says("a: [b, c]\n", "a: [c, b]\n"));
    assert!(!says("a: b\n", "a: b\nc: d\n"));
}
