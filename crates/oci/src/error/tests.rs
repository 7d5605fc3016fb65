use super::*;

fn io(text: &str) -> std::io::Error {
    std::io::Error::other(text.to_owned())
}

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Outer {
    text: &'static str,
    source: std::io::Error,
}

#[test]
fn an_error_says_side_place_work_message_and_cause() {
    let bare = || Error::new(ErrorKind::NotFound, "manifest 1 is not there");
    let table = [
        (bare(), "manifest 1 is not there"),
        (bare().on(Side::Source), "source: manifest 1 is not there"),
        (
            bare().at("r.example/a"),
            "r.example/a: manifest 1 is not there",
        ),
        (
            bare().op("get manifest"),
            "get manifest: manifest 1 is not there",
        ),
        (
            bare()
                .op("put manifest")
                .at("r.example/a")
                .on(Side::Target)
                .because(io("broken pipe")),
            "target r.example/a: put manifest: manifest 1 is not there: broken pipe",
        ),
        (
            bare().because(Outer {
                text: "tls",
                source: io("bad certificate"),
            }),
            "manifest 1 is not there: tls: bad certificate",
        ),
        (
            bare().because(Outer {
                text: "tls: bad certificate",
                source: io("bad certificate"),
            }),
            "manifest 1 is not there: tls: bad certificate",
        ),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
        assert_eq!(format!("{error:?}"), format!("NotFound: {text}"));
    }
}

#[test]
fn the_innermost_word_stays() {
    let error = Error::new(ErrorKind::Denied, "no")
        .op("inner")
        .at("inner place")
        .on(Side::Source)
        .op("outer")
        .at("outer place")
        .on(Side::Target);
    assert_eq!(error.operation(), Some("inner"));
    assert_eq!(error.place(), Some("inner place"));
    assert_eq!(error.side(), Some(Side::Source));
}

#[test]
fn some_kinds_are_worth_another_try() {
    for (kind, retry) in [
        (ErrorKind::Unavailable, Retry::Now),
        (ErrorKind::RateLimited, Retry::Now),
        (ErrorKind::NotFound, Retry::No),
        (ErrorKind::DigestMismatch, Retry::No),
        (ErrorKind::Unauthorized, Retry::No),
    ] {
        assert_eq!(Error::new(kind, "x").retry(), retry, "{kind:?}");
    }
    let after = Retry::After(Duration::from_secs(7));
    assert_eq!(
        Error::new(ErrorKind::RateLimited, "x")
            .retrying(after)
            .retry(),
        after
    );
}

#[test]
fn hints_are_the_kinds_unless_somebody_knew_better() {
    let error = Error::new(ErrorKind::Drift, "x");
    assert_eq!(
        error.hint(),
        Some("make a new plan and look at what changed")
    );
    assert_eq!(error.hinting("do this").hint(), Some("do this"));
    assert_eq!(Error::new(ErrorKind::NotFound, "x").hint(), None);
}

#[test]
fn a_shared_error_says_the_same() {
    let error = Error::new(ErrorKind::Unavailable, "no answer")
        .op("ping")
        .on(Side::Target)
        .at("r.example")
        .retrying(Retry::No)
        .hinting("wait")
        .because(Outer {
            text: "tcp",
            source: io("refused"),
        });
    let shared = error.share();
    assert_eq!(shared.to_string(), error.to_string());
    assert_eq!(
        (shared.kind(), shared.retry(), shared.hint()),
        (error.kind(), error.retry(), error.hint())
    );
    assert_eq!(
        shared.share().to_string(),
        "target r.example: ping: no answer: tcp: refused"
    );
}

#[test]
fn machines_know_every_kind_by_another_name() {
    use ErrorKind::{
        Cancelled, CannotCheck, Conflict, Corrupt, Denied, DigestMismatch, Drift, Internal,
        Invalid, NotFound, PolicyRefused, RateLimited, SignatureMissing, Unauthorized, Unavailable,
        Unsupported,
    };
    let kinds = [
        NotFound,
        Unauthorized,
        Denied,
        RateLimited,
        Conflict,
        DigestMismatch,
        Unsupported,
        PolicyRefused,
        SignatureMissing,
        CannotCheck,
        Corrupt,
        Unavailable,
        Drift,
        Cancelled,
        Invalid,
        Internal,
    ];
    let names: std::collections::BTreeSet<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.len(), kinds.len());
    assert!(
        names
            .iter()
            .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
    );
}

#[test]
fn a_result_is_one_word_wider_at_most() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
}
