use super::*;

#[test]
fn the_accept_line_names_every_manifest_type_in_order() {
    let types: Vec<&str> = ACCEPT.split(", ").collect();
    assert_eq!(types, media_type::ACCEPT_MANIFESTS);
}

#[test]
fn the_type_served_wins_where_it_says_something() {
    let bytes = Bytes::from_static(b"{}");
    assert_eq!(kind_of("application/x", &bytes), "application/x");
}

#[test]
fn a_bare_json_type_is_read_from_the_document() {
    let kind =
        |text: &'static str| kind_of("application/json", &Bytes::from_static(text.as_bytes()));
    assert_eq!(kind(r#"{"mediaType":"application/y"}"#), "application/y");
    assert_eq!(kind(r#"{"manifests":[]}"#), media_type::OCI_INDEX);
    assert_eq!(kind(r#"{"config":{}}"#), media_type::OCI_MANIFEST);
    assert_eq!(kind("<html>"), "application/json");
}

#[test]
fn digests_of_two_algorithms_are_not_compared() {
    let asked = Digest::sha256(b"a");
    let other = Digest::sha256(b"b");
    let longer = Digest::of(transship_oci::Algorithm::Sha512, b"b");
    check_said(asked, None).unwrap();
    check_said(asked, Some(asked)).unwrap();
    check_said(asked, Some(longer)).unwrap();
    let error = check_said(asked, Some(other)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
}
