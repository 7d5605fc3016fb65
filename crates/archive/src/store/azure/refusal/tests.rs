use std::time::{Duration, SystemTime};

use transship_oci::ErrorKind;

use super::judge;
use crate::store::Sas;

fn hint(code: &str, sas: Option<&str>) -> (ErrorKind, String) {
    let sas: Option<Sas> = sas.map(|text| text.parse().unwrap());
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let (kind, hint) = judge(code, sas.as_ref().map(Sas::terms), now).expect(code);
    (kind, hint.unwrap_or_default())
}

#[test]
fn refusals_are_told_apart() {
    for (code, kind, word) in [
        ("AuthenticationFailed", ErrorKind::Unauthorized, "key"),
        ("AuthorizationFailure", ErrorKind::Denied, "network rules"),
        ("AuthorizationPermissionMismatch", ErrorKind::Denied, "alrw"),
        ("AuthorizationServiceMismatch", ErrorKind::Denied, "ss=b"),
        (
            "AuthorizationResourceTypeMismatch",
            ErrorKind::Denied,
            "srt=co",
        ),
        ("AuthorizationProtocolMismatch", ErrorKind::Denied, "https"),
        ("AuthorizationSourceIPMismatch", ErrorKind::Denied, "sip"),
        (
            "KeyBasedAuthenticationNotPermitted",
            ErrorKind::Denied,
            "identity",
        ),
        ("PublicAccessNotPermitted", ErrorKind::Denied, ""),
        ("BlobAlreadyExists", ErrorKind::Conflict, "overwrite"),
        ("InvalidBlockList", ErrorKind::Conflict, "another"),
        ("ContainerNotFound", ErrorKind::NotFound, "create"),
        ("ContainerBeingDeleted", ErrorKind::Unavailable, ""),
    ] {
        let (found, hint) = hint(code, None);
        assert_eq!(found, kind, "{code}");
        assert!(hint.contains(word), "{code}: {hint}");
    }
}

#[test]
fn a_sas_that_ended_or_has_not_begun_is_named() {
    for (sas, text) in [
        (
            "se=2020-01-01&sig=x",
            "make a new SAS: this one ended at 2020-01-01T00:00:00Z",
        ),
        (
            "se=2040-01-01&ske=2021-01-01&sig=x",
            "make a new SAS: this one ended at 2021-01-01T00:00:00Z",
        ),
        (
            "st=2039-01-01&se=2040-01-01&sig=x",
            "wait, or make a new SAS: this one begins at 2039-01-01T00:00:00Z",
        ),
        (
            "se=2040-01-01&sig=x",
            "check that the SAS is for this container and was copied whole, and that the key that signed it was not rotated since",
        ),
    ] {
        assert_eq!(hint("AuthenticationFailed", Some(sas)).1, text);
    }
}
