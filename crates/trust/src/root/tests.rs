use proptest::prelude::*;

use super::*;
use crate::pem;

const DAY: i64 = 24 * 60 * 60;

#[test]
fn the_roots_that_come_along_can_be_used() {
    let public = TrustRoot::public_good().unwrap();
    let staging = TrustRoot::staging().unwrap();
    assert_ne!(public.digest(), staging.digest());
    let start: Timestamp = "2025-09-23T00:00:00Z".parse().unwrap();
    assert_eq!(public.newest(), Some(start));
    let log = STANDARD
        .decode("wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=")
        .unwrap();
    assert!(public.knows_log(&log));
    assert!(!staging.knows_log(&log));
}

#[test]
fn its_age_counts_from_when_it_was_obtained() {
    let now = Timestamp::from_second(1_000 * DAY).unwrap();
    let root = TrustRoot::from_parts(None, &[]).unwrap();
    assert_eq!(root.age(now), None);
    let root = root.obtained(Timestamp::from_second(990 * DAY).unwrap());
    assert_eq!(root.age(now), Some(SignedDuration::from_hours(240)));
}

#[test]
fn parts_make_a_root() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl7lwhEGFu6THme9TjFVEzlNhQOorpuqCwhCGBgiJ2CK1S8dIc4XepqwaijNR+ImiW4DlDmbKQLmBd5mbJxSUrg==\n-----END PUBLIC KEY-----\n";
    let key = Key::from_pem(pem).unwrap().remove(0);
    let root = TrustRoot::from_parts(None, std::slice::from_ref(&key)).unwrap();
    assert!(root.knows_log(Digest::sha256(key.spki()).raw()));
    assert_eq!(root.newest(), None);
    // The same key twice would make the log's name ambiguous.
    let error = TrustRoot::from_parts(None, &[key.clone(), key]).unwrap_err();
    assert_eq!(error.message(), "the trust root cannot be used");
}

#[test]
fn what_is_no_root_is_refused_with_the_reason() {
    let refused = |bytes: &[u8]| TrustRoot::from_json(bytes).unwrap_err();
    for (bytes, why) in [
        (&b"\xff"[..], "the trust root is no text"),
        (b"{}", "the trust root cannot be read"),
        (pem::write("CERTIFICATE", b"x").as_bytes(), "the trust root cannot be read"),
        (
            br#"{"mediaType":"x","certificateAuthorities":[{"uri":"","certChain":{"certificates":[]}}]}"#,
            "the trust root cannot be used",
        ),
    ] {
        assert_eq!(refused(bytes).message(), why);
        assert_eq!(refused(bytes).kind(), ErrorKind::Invalid);
    }
    let long = vec![b' '; MAX_ROOT + 1];
    assert_eq!(
        refused(&long).message(),
        "the trust root has 4194305 bytes, more than the limit of 4194304"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_change_of_a_byte_makes_it_panic(at in 0usize..6000, byte in any::<u8>()) {
        let mut json = SigstoreInstance::PublicGood.embedded_trusted_root_json().as_bytes().to_vec();
        let at = at % json.len();
        json[at] = byte;
        let _ = TrustRoot::from_json(&json);
    }
}
