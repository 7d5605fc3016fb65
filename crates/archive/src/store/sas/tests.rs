use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::{Kind, Sas};

const CONTAINER: &str = "?sv=2022-11-02&st=2026-01-01T00%3A00%3A00Z&se=2026-02-01&sr=c&sp=racwl&spr=https&sip=10.0.0.1-10.0.0.9&sig=a%2Bb%3D";

fn read(text: &str) -> Sas {
    text.parse().unwrap()
}

#[test]
fn it_is_read_with_and_without_its_question_mark() {
    for text in [CONTAINER, CONTAINER.trim_start_matches('?')] {
        let sas = read(text);
        let terms = sas.terms();
        assert_eq!(terms.kind(), Kind::Service);
        assert_eq!(terms.permissions.as_deref(), Some("racwl"));
        assert_eq!(terms.resource.as_deref(), Some("c"));
        assert_eq!(terms.protocols.as_deref(), Some("https"));
        assert_eq!(terms.addresses.as_deref(), Some("10.0.0.1-10.0.0.9"));
        assert_eq!(terms.starts, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(terms.expires, Some("2026-02-01T00:00:00Z".parse().unwrap()));
        assert_eq!(sas.query.expose_secret(), CONTAINER.trim_start_matches('?'));
        assert!(!format!("{sas:?}").contains("a%2Bb"));
    }
}

#[test]
fn the_three_kinds_are_told_apart() {
    let account = read("sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2026-02-01T00:00Z&sig=x");
    assert_eq!(account.terms().kind(), Kind::Account);
    assert_eq!(account.terms().resource_types.as_deref(), Some("sco"));
    let delegated = read("sr=c&sp=rl&skoid=0&ske=2026-02-01T00:00:00.1234567Z&sig=x");
    assert_eq!(delegated.terms().kind(), Kind::Delegated);
    assert_eq!(
        delegated.terms().key_expires,
        Some("2026-02-01T00:00:00.1234567Z".parse().unwrap())
    );
}

#[test]
fn what_lacks_is_named_in_the_order_asked() {
    assert_eq!(read(CONTAINER).terms().lacking("alrw"), "");
    assert_eq!(read(CONTAINER).terms().lacking("dlr"), "d");
    let by_policy = read("sr=c&si=transfer&sig=x");
    assert_eq!(by_policy.terms().lacking("alrw"), "");
}

#[test]
fn a_signature_that_was_decoded_on_the_way_is_mended() {
    assert_eq!(
        read("sp=r&sig=a+b/c=").query.expose_secret(),
        "sp=r&sig=a%2Bb/c="
    );
}

#[test]
fn what_is_no_sas_is_refused_without_being_repeated() {
    for (text, message) in [
        ("", "the SAS cannot be used: it is empty or too long"),
        ("?", "the SAS cannot be used: it is empty or too long"),
        (
            "https://acct.blob.core.windows.net/c?sig=secret",
            "the SAS cannot be used: it is a whole URL",
        ),
        (
            "sp=r",
            "the SAS cannot be used: there is no signature (sig) in it",
        ),
        (
            "sp=r&sig=",
            "the SAS cannot be used: there is no signature (sig) in it",
        ),
        (
            "secret",
            "the SAS cannot be used: one of its fields has no value",
        ),
        (
            "se=secret&sig=x",
            "the SAS cannot be used: the time in se is none",
        ),
        (
            "sp=r &sig=secret",
            "the SAS cannot be used: it has spaces or other characters that do not belong there",
        ),
    ] {
        let error = text.parse::<Sas>().expect_err(text);
        assert_eq!(error.message(), message);
        assert!(!format!("{error:?}").contains("secret"));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_fault(text in "([a-z]{1,5}=[ -~]{0,20}&){0,6}sig=[ -~]{0,9}") {
        let _ = text.parse::<Sas>();
    }
}
