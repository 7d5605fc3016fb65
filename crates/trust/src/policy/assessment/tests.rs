use transship_oci::Digest;

use super::Check;
use crate::{Class, Outcome};

#[test]
fn a_sentence_for_each_class_with_its_article() {
    let subject = Digest::sha256(b"");
    let sentence = |what: &str, class, platform: Option<&str>| {
        let check = Check {
            subject,
            platform: platform.map(str::to_owned),
            what: what.to_owned(),
            by: "acme".to_owned(),
            class,
            outcome: Outcome::None,
            detail: "so it is".to_owned(),
            findings: Vec::new(),
        };
        check.sentence().replace(&subject.to_string(), "D")
    };
    assert_eq!(
        sentence("signature", Class::Good, None),
        "D has a signature by acme"
    );
    assert_eq!(
        sentence("attestation spdx", Class::Good, Some("linux/arm64")),
        "D (linux/arm64) has an attestation spdx by acme"
    );
    assert_eq!(
        sentence("signature", Class::Missing, None),
        "D has no signature by acme: so it is"
    );
    assert_eq!(
        sentence("signature", Class::Bad, None),
        "D: the signature by acme is bad: so it is"
    );
    assert_eq!(
        sentence("signature", Class::CannotCheck, None),
        "D: the signature by acme cannot be checked: so it is"
    );
}
