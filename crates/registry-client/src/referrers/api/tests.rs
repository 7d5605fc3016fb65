use proptest::prelude::*;

use super::*;

#[test]
fn an_index_is_a_list_even_an_empty_one() {
    assert_eq!(
        parse(br#"{"schemaVersion":2,"manifests":null}"#).unwrap(),
        []
    );
    assert_eq!(parse(br#"{"schemaVersion":2,"manifests":[]}"#).unwrap(), []);
    let digest = Digest::sha256(b"x");
    let one = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"m","digest":"{digest}","size":3}}]}}"#
    );
    assert_eq!(
        parse(one.as_bytes()).unwrap(),
        [Descriptor::new("m", digest, 3)]
    );
}

#[test]
fn anything_else_is_no_list() {
    for body in [
        "<html>",
        "[]",
        "{}",
        r#"{"errors":[]}"#,
        r#"{"manifests":[]}"#,
        "null",
    ] {
        assert!(parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_list_has_an_end() {
    let one = Descriptor::new("m", Digest::sha256(b"x"), 3);
    let mut all = vec![one.clone(); MAX_CHILDREN];
    let error = collect(&mut all, vec![one]).unwrap_err();
    assert_eq!(
        error.message(),
        "the registry lists more than 10000 referrers of one subject"
    );
}

proptest! {
    #[test]
    fn no_body_breaks_it(body in any::<Vec<u8>>()) {
        _ = parse(&body);
    }
}
