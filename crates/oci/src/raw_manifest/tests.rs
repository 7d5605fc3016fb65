use super::*;
use crate::{Algorithm, media_type};

#[test]
fn bytes_are_taken_only_for_what_they_are() {
    let bytes = Bytes::from_static(b"{}");
    let good = Descriptor::of(media_type::OCI_MANIFEST, &bytes);
    let manifest = RawManifest::verified(&good, bytes.clone()).unwrap();
    assert_eq!((manifest.bytes(), manifest.descriptor()), (&bytes, &good));
    assert_eq!(
        (manifest.digest(), manifest.media_type()),
        (good.digest, media_type::OCI_MANIFEST)
    );

    let other = Digest::sha256(b"other");
    let error = RawManifest::verified(&Descriptor::new("x", other, 2), bytes.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    let found = good.digest;
    assert_eq!(
        error.to_string(),
        format!("manifest {other} was asked for, but the bytes hash to {found}")
    );
    let error = RawManifest::verified(&Descriptor { size: 3, ..good }, bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert_eq!(
        error.to_string(),
        format!("manifest {found} has 2 bytes where 3 were promised")
    );
}

#[test]
fn the_expected_algorithm_is_used() {
    let bytes = Bytes::from_static(b"{}");
    let digest = Digest::of(Algorithm::Sha512, &bytes);
    let manifest = RawManifest::verified(&Descriptor::new("x", digest, 2), bytes.clone()).unwrap();
    assert_eq!(manifest.digest(), digest);
    assert_eq!(
        RawManifest::named("x", bytes.clone()).unwrap().digest(),
        Digest::sha256(&bytes)
    );
}

#[test]
fn four_mebibytes_are_the_most() {
    let most = usize::try_from(MAX_MANIFEST).unwrap();
    assert!(RawManifest::named("x", vec![b' '; most].into()).is_ok());
    let error = RawManifest::named("x", vec![b' '; most + 1].into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        "a manifest of 4194305 bytes is over the limit of 4194304"
    );
}
