use super::{super::PolicyFile, changes};

#[test]
fn each_difference_is_a_line_and_the_order_is_none() {
    let read = |text: &str| PolicyFile::parse(text, "policy").unwrap();
    let old = read(
        "version: 1\ntrust-root: a.json\nsigners: {a: {key: a.pub}, b: {key: b.pub}}\ndefault: {refuse: no}\nrules:\n\
         - {scope: x.example, signed-by: a}\n- {scope: [y.example, z.example], signed-by: b}\ndenied:\n\
         - {digest: \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", reason: gone}\n",
    );
    let mut same = old.clone();
    same.rules.reverse();
    assert_eq!(changes(&old, &same), Vec::<String>::new());
    let new = read(
        "version: 1\nmax-trust-root-age-days: 3\nsigners: {a: {key: c.pub}, c: {key: b.pub}}\ndefault: {refuse: never}\nrules:\n\
         - {scope: x.example, signed-by: c}\n- {scope: z.example, signed-by: a}\n",
    );
    let expected = [
        "trust-root is gone",
        "max-trust-root-age-days is new",
        "signer \"a\" is changed",
        "signer \"b\" is gone",
        "signer \"c\" is new",
        "the default is changed",
        "rule \"x.example\" is changed",
        "rule \"y.example, z.example\" is gone",
        "rule \"z.example\" is new",
        "denied sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is gone",
    ];
    assert_eq!(changes(&old, &new), expected);
}
