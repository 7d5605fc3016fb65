use proptest::prelude::*;

use super::*;

const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const EMPTY_512: &str = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn known_values_are_hit() {
    assert_eq!(Digest::sha256(b"").to_string(), EMPTY);
    assert_eq!(Digest::sha256(b"abc").to_string(), ABC);
    let long = Digest::of(Algorithm::Sha512, b"");
    assert_eq!(long.to_string(), EMPTY_512);
    assert_eq!(
        (long.algorithm(), long.raw().len()),
        (Algorithm::Sha512, 64)
    );
    assert_eq!(format!("{long:?}"), EMPTY_512);
    assert_eq!(Digest::sha256(b"abc").short(), "ba7816bf8f01");
    assert_eq!(Digest::sha256(b"abc").hex(), ABC[7..]);
}

#[test]
fn what_is_no_digest_is_refused_with_the_reason() {
    let no_algorithm = |text: &str| DigestError::NoAlgorithm(text.to_owned());
    let unknown = |text: &str| DigestError::UnknownAlgorithm(text.to_owned());
    let short = DigestError::BadHex(Algorithm::Sha256);
    let table = [
        ("", no_algorithm("")),
        (&ABC[7..], no_algorithm(&ABC[7..])),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", unknown("md5")),
        ("SHA256:00", unknown("SHA256")),
        (":00", unknown("")),
        ("sha256:", short.clone()),
        (&ABC[..70], short.clone()),
        (&ABC.replace("ba", "BA"), short.clone()),
        (&format!("{ABC}0"), short.clone()),
        (&format!("{ABC}:0"), short.clone()),
        (&ABC.replace("ba", "gg"), short.clone()),
        // As many bytes, but not as many digits.
        (&format!("sha256:{}", "é".repeat(32)), short),
        (
            &EMPTY.replace("256", "512"),
            DigestError::BadHex(Algorithm::Sha512),
        ),
    ];
    for (text, wanted) in table {
        assert_eq!(text.parse::<Digest>(), Err(wanted), "{text}");
    }
    let messages = [
        no_algorithm("x").to_string(),
        unknown("md5").to_string(),
        DigestError::BadHex(Algorithm::Sha512).to_string(),
    ];
    assert_eq!(
        messages,
        [
            r#"digest "x" has no algorithm; it looks like sha256:<64 hex digits>"#,
            r#"digest algorithm "md5" is not supported; use sha256 or sha512"#,
            "sha512 digest wants 128 lower-case hex digits",
        ]
    );
}

#[test]
fn a_hostile_text_does_not_come_back_whole() {
    let error = "x".repeat(1_000_000).parse::<Digest>().unwrap_err();
    assert!(error.to_string().len() < 200, "{}", error.to_string().len());
}

#[test]
fn json_is_the_text() {
    let digest: Digest = serde_json::from_str(&format!("\"{ABC}\"")).unwrap();
    assert_eq!(
        serde_json::to_string(&digest).unwrap(),
        format!("\"{ABC}\"")
    );
    assert!(serde_json::from_str::<Digest>("\"sha256:0\"").is_err());
    assert!(serde_json::from_str::<Digest>("7").is_err());
}

proptest! {
    #[test]
    fn text_and_digest_are_one(bytes: Vec<u8>) {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = Digest::of(algorithm, &bytes);
            prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
            prop_assert_eq!(digest.hex().len(), algorithm.hex_len());
        }
    }

    #[test]
    fn no_text_is_too_strange(text: String) {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}
