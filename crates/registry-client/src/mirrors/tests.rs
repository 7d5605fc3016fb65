use proptest::prelude::*;
use transship_oci::{Digest, ErrorKind, Name, Repository};

use super::{Mirrors, Place, Route};

const FILE: &str = r#"
unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "mirror.example:5000/hub"
insecure = true
[[registry.mirror]]
location = "pinned.example"
pull-from-mirror = "digest-only"

[[registry]]
prefix = "docker.io/secret"
location = "docker.io/secret"
blocked = true

[[registry]]
prefix = "*.corp.example"
location = "inner.example/corp"
"#;

fn place(text: &str, plain_http: bool) -> Place {
    let (host, path) = text.split_once('/').unwrap();
    Place {
        repository: Repository::new(host, path).unwrap(),
        plain_http,
    }
}

fn route(text: &str, name: Option<&Name>) -> Route {
    Mirrors::parse(FILE)
        .unwrap()
        .route(&text.parse().unwrap(), name)
        .unwrap()
}

#[test]
fn tags_come_from_mirrors_that_have_tags() {
    let tag = Name::Tag("1.4".parse().unwrap());
    let expected = vec![
        place("mirror.example:5000/hub/acme/app", true),
        place("docker.io/acme/app", false),
    ];
    assert_eq!(
        route("docker.io/acme/app", Some(&tag)),
        Route::Places(expected)
    );
}

#[test]
fn digests_come_from_all_of_them() {
    let name = Name::Digest(Digest::sha256(b""));
    let expected = vec![
        place("mirror.example:5000/hub/library/app", true),
        place("pinned.example/library/app", false),
        place("docker.io/library/app", false),
    ];
    assert_eq!(route("app", Some(&name)), Route::Places(expected));
}

#[test]
fn the_longest_prefix_decides() {
    assert_eq!(route("docker.io/secret/app", None), Route::Blocked);
    assert!(matches!(
        route("docker.io/secretive/app", None),
        Route::Places(_)
    ));
}

#[test]
fn a_wildcard_gives_up_the_whole_host() {
    let expected = vec![place("inner.example/corp/team/app", false)];
    assert_eq!(
        route("a.corp.example/team/app", None),
        Route::Places(expected)
    );
    assert_eq!(route("corp.example/team/app", None), Route::Direct);
}

#[test]
fn nothing_said_is_direct() {
    assert_eq!(route("other.example/app", None), Route::Direct);
    let same = "[[registry]]\nlocation = \"other.example\"";
    let mirrors = Mirrors::parse(same).unwrap();
    assert_eq!(
        mirrors
            .route(&"other.example/app".parse().unwrap(), None)
            .unwrap(),
        Route::Direct
    );
}

#[test]
fn what_makes_no_sense_is_named() {
    let error = Mirrors::parse("[registries.search]\nregistries = []").unwrap_err();
    assert_eq!(error.message(), "registries.conf is of version 1");
    let error = Mirrors::parse("[[registry]]\nblocked = true").unwrap_err();
    assert_eq!(
        error.message(),
        "[[registry]] number 1 in registries.conf has no location"
    );
    assert_eq!(Mirrors::parse("=").unwrap_err().kind(), ErrorKind::Invalid);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_fault(text in "\\PC{0,200}") {
        let _ = Mirrors::parse(&text);
    }
}
