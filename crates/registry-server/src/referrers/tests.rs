use super::*;

fn referrer(weight: usize) -> Descriptor {
    let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, b"{}");
    descriptor
        .annotations
        .insert("k".to_owned(), "x".repeat(weight));
    descriptor
}

#[test]
fn a_page_is_no_larger_than_a_manifest_may_be() {
    let found: Vec<_> = (0..10).map(|_| referrer(1_000_000)).collect();
    assert_eq!(fitting(&found, 100), 4);
    assert_eq!(fitting(&found, 2), 2);
    let page = serde_json::to_vec(&found[..4]).unwrap();
    assert!((page.len() + FRAME) as u64 <= MAX_MANIFEST);
}

#[test]
fn one_that_is_too_large_alone_is_shown_all_the_same() {
    let found = [referrer(5_000_000), referrer(1)];
    assert_eq!(fitting(&found, 100), 1);
    assert_eq!(fitting(&found, 0), 0);
    assert_eq!(fitting(&[], 100), 0);
}
