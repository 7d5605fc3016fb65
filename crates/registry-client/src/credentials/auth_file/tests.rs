use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use transship_oci::ErrorKind;

use super::{AuthFile, Credential};

/// `alice:wonder:land`, `bob:builder`, `carol:x`, base64.
const FILE: &str = r#"{
  "auths": {
    "https://index.docker.io/v1/": {"auth": "YWxpY2U6d29uZGVyOmxhbmQ="},
    "registry.example": {"auth": "Ym9iOmJ1aWxkZXI"},
    "registry.example/team/app": {"auth": "Y2Fyb2w6eA=="},
    "https://old.example/v2/": {"username": "dora", "password": "p"},
    "identity.example": {"auth": "ignored", "identitytoken": "idt"},
    "bearer.example:5000": {"registrytoken": "rgt"},
    "helped.example": {},
    "broken.example": {"auth": "%%%"}
  },
  "credHelpers": {"helped.example": "one"},
  "credsStore": "all",
  "HttpHeaders": {"X": "y"}
}"#;

fn show(credential: Option<Credential>) -> String {
    match credential {
        None => "nobody".to_owned(),
        Some(Credential::Password { user, password }) => {
            format!("{user}:{}", password.expose_secret())
        }
        Some(Credential::Identity { token }) => format!("identity {}", token.expose_secret()),
        Some(Credential::Token { token }) => format!("token {}", token.expose_secret()),
    }
}

fn find(registry: &str, repository: Option<&str>) -> String {
    let file = AuthFile::parse(FILE.as_bytes()).unwrap();
    show(file.find(registry, repository).unwrap())
}

#[test]
fn finds_registries_by_any_of_their_keys() {
    assert_eq!(find("docker.io", None), "alice:wonder:land");
    assert_eq!(find("registry.example", None), "bob:builder");
    assert_eq!(find("old.example", None), "dora:p");
    assert_eq!(find("identity.example", None), "identity idt");
    assert_eq!(find("bearer.example:5000", None), "token rgt");
    assert_eq!(find("bearer.example", None), "nobody");
    assert_eq!(find("helped.example", None), "nobody");
}

#[test]
fn the_most_specific_path_wins() {
    assert_eq!(find("registry.example", Some("team/app")), "carol:x");
    assert_eq!(find("registry.example", Some("team/app/deep")), "carol:x");
    assert_eq!(
        find("registry.example", Some("team/application")),
        "bob:builder"
    );
    assert_eq!(find("registry.example", Some("")), "bob:builder");
    assert_eq!(find("docker.io", Some("library/app")), "alice:wonder:land");
}

#[test]
fn helpers_come_in_order() {
    let file = AuthFile::parse(FILE.as_bytes()).unwrap();
    assert_eq!(file.helpers_of("helped.example"), ["one", "all"]);
    assert_eq!(file.helpers_of("other.example"), ["all"]);
    assert!(AuthFile::parse(b" \n").unwrap().helpers_of("x").is_empty());
}

#[test]
fn null_is_nothing() {
    let file = AuthFile::parse(br#"{"auths":null,"credHelpers":null,"credsStore":null}"#).unwrap();
    assert!(file.find("x", None).unwrap().is_none());
}

#[test]
fn what_is_broken_is_named_and_not_quoted() {
    let file = AuthFile::parse(FILE.as_bytes()).unwrap();
    let error = file.find("broken.example", None).unwrap_err();
    assert_eq!(
        error.message(),
        "the auth of \"broken.example\" is not base64 of user:password"
    );
    let error = AuthFile::parse(br#"{"auths":{"x":{"auth":5}, "s3cret""#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!format!("{error}").contains("s3cret"));
}

#[test]
fn nothing_secret_shows() {
    let file = AuthFile::parse(FILE.as_bytes()).unwrap();
    let credentials = ["docker.io", "identity.example", "bearer.example:5000"]
        .map(|registry| file.find(registry, None).unwrap().unwrap());
    let shown = format!("{file:?} {credentials:?}");
    for secret in ["wonder", "YWxpY2U", "idt", "rgt"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_content_is_read_without_a_fault(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = AuthFile::parse(&content);
    }

    #[test]
    fn any_auth_is_read_without_a_fault(auth in "[A-Za-z0-9+/=%]{0,40}") {
        let content = format!(r#"{{"auths":{{"x":{{"auth":"{auth}"}}}}}}"#);
        let _ = AuthFile::parse(content.as_bytes()).unwrap().find("x", Some("a/b"));
    }
}
