use transship_oci::{Descriptor, media_type};

use super::*;

fn manifest(bytes: &'static str) -> RawManifest {
    // As another connection would have brought them.
    let bytes = Bytes::copy_from_slice(bytes.as_bytes());
    RawManifest::named(media_type::OCI_MANIFEST, bytes).unwrap()
}

#[test]
fn bytes_are_held_once_and_descriptions_stay() {
    let mut shelf = Shelf::new(10);
    let mut first = manifest("{\"a\":1}");
    shelf.take(vec![&mut first]).unwrap();
    let described = Descriptor {
        platform: Some("linux/amd64".parse().unwrap()),
        ..first.descriptor().clone()
    };
    let bytes = Bytes::copy_from_slice(first.bytes());
    let mut second = RawManifest::verified(&described, bytes).unwrap();
    shelf.take(vec![&mut second]).unwrap();
    assert_eq!(second.bytes().as_ptr(), first.bytes().as_ptr());
    assert_eq!(*second.descriptor(), described);
}

#[test]
fn what_has_no_room_takes_none() {
    let mut shelf = Shelf::new(10);
    shelf.take(vec![&mut manifest("{\"a\":1}")]).unwrap();
    let error = shelf.take(vec![&mut manifest("{\"b\":1}")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    shelf.take(vec![&mut manifest("{ }")]).unwrap();
    shelf.take(vec![&mut manifest("{\"a\":1}")]).unwrap();
    shelf.take(vec![&mut manifest("{}")]).unwrap_err();
}
