use proptest::prelude::*;

use super::*;

/// Keys and signatures over `a message` made by openssl, in the pairings of curve and hash that are not the usual ones.
const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEsYcXXwXatZ201DhjF+gOiNhJis3z6+tj
/CGf2+PyNHeFF5NWuRJg4ubhEwIodwCaquVDE34BxBZ7l4F2iYI1fwAAnlwcVdK+
2BK9moyMUqPDwlJx3oDvls4oAN3pEKxA
-----END PUBLIC KEY-----
";
const P384_SHA256: &str = "MGQCMCzlE+pwS8FbvSDJF0NC5ObIbDru9GlLzOS+9rwozoVF8DZ0RqwDaI66HwmMv4krdgIwDp6BPcOYQUpoVQeHpe2F7t9H777jjYeyrp3jRlYkVkmJOiq3OKATx/z3oHo/TB0O";
const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl7lwhEGFu6THme9TjFVEzlNhQOor
puqCwhCGBgiJ2CK1S8dIc4XepqwaijNR+ImiW4DlDmbKQLmBd5mbJxSUrg==
-----END PUBLIC KEY-----
";
const P256_SHA384: &str = "MEUCICum8ugxQbbM+G/aKw1yIVM0UIFyQ4+yfDIIbjptNBlUAiEAv6PiwmmJv6bgIjRL5p4XCBxmgkyAMvNJIQ0IOpq8EDU=";
const P521: &str = "-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAzJUsj1GHC0lKEH34CztBPFuXWP33
lTDIyfN3gwqv84ZOjHC6gSGkC5UDimm45hi4HC8DrnnJE0lVioapv7juseoA2lbe
s6j0SdgDp5ZMAg3eB0rVQPqVJHmjxm2grZoIcmkCVQtQEYfTCDX/JePcifXvJtb8
J+l9JK0S+YRnvN38+xo=
-----END PUBLIC KEY-----
";
const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3FZXb1JrThlqMWj6Sn4DsZMlK
qh7MHg4C7oy/3Qafhkl5UkAwYNLF/I1q+fjGuUKwHDQbAhIGxxrVkE5HfZV2rx/i
qu6ZYo5/qm0j/rSyDkQlS5b/jqMwaTzJ+L8muz3sLycKhguA6a6GKZzo2B48+QdK
xn0Xh9t9J2sZdBECqQIDAQAB
-----END PUBLIC KEY-----
";

fn refused(text: &str) -> String {
    Key::from_pem(text).unwrap_err().to_string()
}

#[test]
fn either_hash_goes_with_either_curve() {
    for (pem, signature) in [(P384, P384_SHA256), (P256, P256_SHA384)] {
        let key = Key::from_pem(pem).unwrap().remove(0);
        let signature = STANDARD.decode(signature).unwrap();
        assert!(key.made(b"a message", &signature));
        assert!(!key.made(b"a massage", &signature));
    }
    let key = Key::from_pem(P384).unwrap().remove(0);
    let signature = STANDARD.decode(P384_SHA256).unwrap();
    assert!(key.made_digest(&Digest::sha256(b"a message"), &signature));
    assert!(!key.made_digest(&Digest::sha256(b"a massage"), &signature));
}

#[test]
fn a_key_is_known_by_its_fingerprint_and_its_hint() {
    let key = Key::from_pem(P256).unwrap().remove(0);
    let print = Digest::sha256(key.spki());
    assert_eq!(key.fingerprint(), print.hex());
    assert_eq!(STANDARD.decode(key.hint()).unwrap(), print.raw());
    assert_eq!(
        format!("{key:?}"),
        format!("Key(EcdsaP256 {})", print.hex())
    );
}

#[test]
fn several_keys_may_stand_in_one_text() {
    let keys = Key::from_pem(&format!("first\n{P256}second\n{P384}")).unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    let many = P256.repeat(101);
    assert_eq!(refused(&many), "there are more than 100 PEM blocks");
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    assert_eq!(refused(""), "there is no PEM block in the public key");
    assert_eq!(
        refused("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
        "a private key was given where a public key is wanted"
    );
    let label = "ENCRYPTED SIGSTORE PRIVATE KEY";
    assert_eq!(
        refused(&format!(
            "-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----\n"
        )),
        "a private key was given where a public key is wanted"
    );
    assert_eq!(
        refused("-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n"),
        "a PEM block \"CERTIFICATE\" is no public key; PUBLIC KEY is"
    );
    for unusable in [P521, RSA_1024] {
        let error = Key::from_pem(unusable).unwrap_err();
        assert_eq!(error.message(), "the public key cannot be used");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    assert!(
        refused(RSA_1024).contains("1024 bits"),
        "{}",
        refused(RSA_1024)
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", der in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Key::from_pem(&text);
        let _ = Key::from_spki(&der);
        let _ = Key::from_pem(&crate::pem::write("PUBLIC KEY", &der));
    }

    #[test]
    fn no_signature_makes_it_panic(signature in prop::collection::vec(any::<u8>(), 0..200)) {
        for pem in [P256, P384] {
            let key = Key::from_pem(pem).unwrap().remove(0);
            prop_assert!(!key.made(b"a message", &signature));
            prop_assert!(!key.made_digest(&Digest::sha256(b"a message"), &signature));
        }
    }
}
