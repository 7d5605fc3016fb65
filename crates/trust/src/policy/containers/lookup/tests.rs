use std::collections::BTreeMap;

use super::{Matched, matched};

fn entries(scopes: &[&str]) -> BTreeMap<String, u8> {
    scopes
        .iter()
        .map(|scope| ((*scope).to_owned(), 0))
        .collect()
}

#[test]
fn folders_are_looked_up_upwards() {
    let all = entries(&["/a/b", "/a", ""]);
    let found = |path| matched(&all, "dir", path).unwrap();
    assert_eq!(found("/a/b/c"), Matched::Scope("/a/b"));
    assert_eq!(found("/a/bc"), Matched::Scope("/a"));
    assert_eq!(found("/b"), Matched::Scope(""));
    assert_eq!(
        matched(&entries(&["/a"]), "oci", "/b").unwrap(),
        Matched::Default
    );
}

#[test]
fn wildcards_are_for_hosts_without_their_port() {
    let all = entries(&["*.example", "reg.example:5000"]);
    let found = |name| matched(&all, "docker", name).unwrap();
    assert_eq!(
        found("reg.example:5000/app:1"),
        Matched::Scope("reg.example:5000")
    );
    assert_eq!(found("reg.example:6000/app:1"), Matched::Scope("*.example"));
    assert_eq!(found("example:6000/app:1"), Matched::Default);
}

#[test]
fn names_have_a_tag_or_a_digest() {
    let all = entries(&["docker.io/library/app"]);
    let digest = format!("sha256:{}", "0".repeat(64));
    assert_eq!(
        matched(&all, "docker", &format!("app@{digest}")).unwrap(),
        Matched::Scope("docker.io/library/app")
    );
    for name in [
        "app".to_owned(),
        format!("app:1@{digest}"),
        "App:1".to_owned(),
    ] {
        assert!(matched(&all, "docker", &name).is_err(), "{name}");
    }
}
