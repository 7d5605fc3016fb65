use transship_oci::Tag;

use super::{List, Targets};

fn names(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(Tag::as_str).collect()
}

fn error(text: &str) -> (String, Option<String>) {
    let error = List::parse(text, "list.yaml", Targets::Required).unwrap_err();
    (error.to_string(), error.hint().map(str::to_owned))
}

#[test]
fn a_list_with_defaults() {
    let list = List::parse(
        "
defaults:
  target: registry.corp.example/mirror/{repository}
  tags: {glob: ['*']}
require-platforms: [linux/amd64]
sync:
  - source: docker.io/library/alpine
    tags: [3.20, latest]
  - source: quay.io/acme/app
    targets:
      - a.example/{name}
      - b.example/{name}
    tags:
      exact: [1.10, edge]
      glob: ['1.*']
      semver: '>=1.2, <2'
      suffix: -slim
      exclude: ['*-rc*']
      newest: 5
      min-age: 7d
  - source: quay.io/acme/other
",
        "list.yaml",
        Targets::Required,
    )
    .unwrap();
    assert_eq!(list.entries.len(), 3);
    assert_eq!(list.require_platforms.len(), 1);
    let [alpine, app, other] = &list.entries[..] else {
        panic!()
    };
    assert_eq!(alpine.source.to_string(), "docker.io/library/alpine");
    assert_eq!(names(&alpine.selection.exact), ["3.20", "latest"]);
    assert!(!alpine.selection.needs_listing());
    assert_eq!(app.targets.len(), 2);
    assert_eq!(names(&app.selection.exact), ["1.10", "edge"]);
    assert_eq!(app.selection.newest, Some(5));
    assert_eq!(app.selection.min_age.unwrap().to_string(), "7d");
    assert_eq!(app.selection.suffix, "-slim");
    assert_eq!(
        other.targets[0].to_string(),
        "registry.corp.example/mirror/{repository}"
    );
    assert!(other.selection.needs_listing());
}

#[test]
fn slips_are_named_with_the_right_word() {
    let (message, hint) = error("sync:\n  - sorce: a.example/x\n");
    assert_eq!(message, "list.yaml:2:5: unknown key \"sorce\"");
    assert_eq!(hint.as_deref(), Some("did you mean \"source\"?"));

    let (message, hint) =
        error("sync:\n  - {source: a.example/x, target: b.example/x, tags: {semvr: '1'}}\n");
    assert_eq!(message, "list.yaml:2:55: unknown key \"semvr\"");
    assert_eq!(hint.as_deref(), Some("did you mean \"semver\"?"));
}

#[test]
fn what_makes_no_sense_is_refused_by_entry() {
    for (entry, message) in [
        (
            "{target: b.example/x, tags: ['1']}",
            "key \"source\" is missing",
        ),
        ("{source: a.example/x, tags: ['1']}", "there is no target"),
        (
            "{source: a.example/x, target: b.example/x}",
            "there are no tags",
        ),
        (
            "{source: a.example/x, target: b.example/x, tags: []}",
            "tags select nothing",
        ),
        (
            "{source: a.example/x, target: b.example/x, tags: {newest: 0}}",
            "newest: 0 selects nothing",
        ),
        (
            "{source: 'a.example/x:1', target: b.example/x, tags: ['1']}",
            "source \"a.example/x:1\" names a tag or digest",
        ),
        (
            "{source: a.example/x, target: 'b.example/{x}', tags: ['1']}",
            "asks for {x}",
        ),
        (
            "{source: a.example/x, target: b.example/x, tags: ['<tag>']}",
            "still has a placeholder in it",
        ),
        (
            "{source: a.example/x, target: b.example/x, tags: {min-age: soon}}",
            "\"soon\" is not a length of time",
        ),
        (
            "{source: a.example/x, target: b.example/x, tags: {semver: new}}",
            "\"new\" is not a range of versions",
        ),
    ] {
        let (found, _) = error(&format!("sync:\n  - {entry}\n"));
        assert!(
            found.starts_with("list.yaml: entry 1: ") || found.starts_with("list.yaml:2:"),
            "{found}"
        );
        assert!(found.contains(message), "{found}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_list_or_an_error(text in "\\PC{0,200}") {
        let _ = List::parse(&text, "x", Targets::Required);
    }
}

#[test]
fn required_platforms_are_platforms() {
    let (message, _) = error("require-platforms: [linux]\nsync: []\n");
    assert!(
        message.starts_with("list.yaml: \"linux\" is not a platform"),
        "{message}"
    );
}

#[test]
fn what_goes_into_an_archive_needs_no_target() {
    let text = "sync: [{source: quay.io/acme/app, tags: ['1']}]";
    let list = List::parse(text, "l", Targets::Optional).unwrap();
    assert!(list.entries[0].targets.is_empty());
    assert!(List::parse(text, "l", Targets::Required).is_err());
    let text = "sync: [{source: quay.io/acme/app, target: 'r.example/{name}', tags: ['1']}]";
    let list = List::parse(text, "l", Targets::Optional).unwrap();
    assert_eq!(list.entries[0].targets.len(), 1);
}
