use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{open, seal};

fn secret() -> SecretString {
    SecretString::from("secret")
}

/// Little work, so that many can be tried.
fn cheap() -> Value {
    json!({
        "kdf": {"name": "scrypt", "params": {"N": 2, "r": 1, "p": 1}, "salt": "AAAA"},
        "cipher": {"name": "nacl/secretbox", "nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        "ciphertext": "AAAAAAAAAAAAAAAAAAAAAAAA",
    })
}

fn refused(sealed: &Value) -> String {
    let error = open(sealed.to_string().as_bytes(), &secret()).unwrap_err();
    error.message().to_owned()
}

#[test]
fn what_is_sealed_is_opened_with_its_passphrase_only_and_unchanged_only() {
    let sealed = seal(b"content", &secret()).unwrap();
    assert_eq!(open(&sealed, &secret()).unwrap().as_slice(), b"content");
    assert!(open(&sealed, &SecretString::from("other")).is_err());
    let mut changed: Value = serde_json::from_slice(&sealed).unwrap();
    let text = changed["ciphertext"].as_str().unwrap().to_owned();
    // The last letter before the padding is a part of the content, the first a part of the tag.
    for at in [0, 22] {
        let mut text = text.clone();
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        text.replace_range(at..=at, other);
        changed["ciphertext"] = json!(text);
        assert_eq!(
            refused(&changed),
            "the passphrase does not open the private key"
        );
    }
}

#[test]
fn what_asks_for_too_much_work_is_refused_before_it_is_done() {
    for (n, r, p) in [
        (1_u64 << 40, 8, 1),
        (1 << 20, 8, 1),
        (1 << 16, 1 << 30, 1),
        (1 << 16, 8, 5),
        (65_535, 8, 1),
        (0, 8, 1),
        (u64::MAX, u32::MAX, u32::MAX),
        (1 << 16, 0, 1),
        (1 << 16, 8, 0),
    ] {
        let mut sealed = cheap();
        sealed["kdf"]["params"] = json!({"N": n, "r": r, "p": p});
        assert_eq!(
            refused(&sealed),
            "the encrypted private key asks for more work than is reasonable",
            "{n} {r} {p}"
        );
    }
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    assert_eq!(
        refused(&cheap()),
        "the passphrase does not open the private key"
    );
    for (pointer, value, why) in [
        (
            "/kdf/name",
            "bcrypt",
            "the private key is encrypted in a way that is not known here",
        ),
        (
            "/cipher/name",
            "aes",
            "the private key is encrypted in a way that is not known here",
        ),
        (
            "/kdf/salt",
            "*",
            "the salt of the encrypted private key is not base64",
        ),
        (
            "/cipher/nonce",
            "AAAA",
            "the nonce of the encrypted private key is not of 24 bytes",
        ),
        (
            "/ciphertext",
            "AAAA",
            "the encrypted private key is cut short",
        ),
    ] {
        let mut sealed = cheap();
        *sealed.pointer_mut(pointer).unwrap() = json!(value);
        assert_eq!(refused(&sealed), why);
    }
    assert_eq!(
        refused(&json!({})),
        "the encrypted private key is not of cosign's form"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_refused(json in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(&json, &secret()).is_err());
    }
}
