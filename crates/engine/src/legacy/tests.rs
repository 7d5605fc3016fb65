use super::*;

fn layer(payload: &[u8], signature: &str) -> Descriptor {
    let mut layer = Descriptor::of("application/vnd.dev.cosign.simplesigning.v1+json", payload);
    layer.annotations.insert(
        "dev.cosignproject.cosign/signature".to_owned(),
        signature.to_owned(),
    );
    layer
}

#[test]
fn one_payload_signed_twice_is_two_signatures() {
    let (one, two) = (layer(b"payload", "one"), layer(b"payload", "two"));
    assert_eq!(one.digest, two.digest);
    let both = [one.clone(), two.clone()];
    assert_eq!(
        compare(&both, std::slice::from_ref(&one)),
        Relation::OursHasAll
    );
    assert_eq!(
        compare(std::slice::from_ref(&one), &both),
        Relation::TheirsHasAll
    );
    assert_eq!(compare(&[one], &[two]), Relation::Apart);
}

#[test]
fn the_order_of_signatures_does_not_matter() {
    let (one, two) = (layer(b"1", "one"), layer(b"2", "two"));
    let (ours, theirs) = ([one.clone(), two.clone()], [two, one]);
    assert_eq!(compare(&ours, &theirs), Relation::TheirsHasAll);
}

#[test]
fn layers_that_are_null_are_none() {
    let manifest = RawManifest::named("", br#"{"layers":null}"#.as_slice().into()).unwrap();
    assert_eq!(layers(&manifest).unwrap(), []);
    let manifest = RawManifest::named("", br#"{"layers":7}"#.as_slice().into()).unwrap();
    assert_eq!(layers(&manifest).unwrap_err().kind(), ErrorKind::Corrupt);
}
