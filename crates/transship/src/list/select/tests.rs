use transship_oci::Tag;

use super::{Pattern, Selection, Why};

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts
        .iter()
        .map(|text| Pattern::new(text).unwrap())
        .collect()
}

fn why(selection: &Selection, listed: &[&str]) -> Vec<(String, String)> {
    selection
        .judge(&tags(listed))
        .into_iter()
        .map(|decision| (decision.tag.to_string(), decision.why.to_string()))
        .collect()
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

#[test]
fn every_tag_is_told_why() {
    let selection = Selection {
        exact: tags(&["latest", "gone"]),
        glob: patterns(&["1.*", "2.*"]),
        semver: Some(">=1.2".parse().unwrap()),
        exclude: patterns(&["*.9"]),
        newest: Some(2),
        ..Selection::default()
    };
    let signature = format!("sha256-{}.sig", "a".repeat(64));
    let listed = [
        "1.1", "1.2", "1.10", "2.0", "2.9", "3.0", "1.x", "latest", &signature,
    ];
    assert_eq!(
        why(&selection, &listed),
        pairs(&[
            ("2.0", "selected"),
            ("1.10", "selected"),
            ("1.2", "selected"),
            ("gone", "selected"),
            ("latest", "selected"),
            ("3.0", "no glob matches it"),
            ("2.9", "exclude \"*.9\" matches it"),
            ("1.1", "its version is outside the range"),
            ("1.x", "it is not a version"),
            (
                &signature,
                "it holds what belongs to another artifact and travels with that"
            ),
        ])
    );
    let tag = |name: &str| name.parse::<Tag>().unwrap();
    assert!(selection.has_room(&tag("1.2"), 1) && !selection.has_room(&tag("1.2"), 2));
    assert!(
        selection.has_room(&tag("latest"), 2),
        "a tag named outright always has room"
    );
    assert!(!selection.counts(&tag("latest")) && selection.counts(&tag("1.2")));
}

#[test]
fn a_suffix_is_no_part_of_the_version() {
    let selection = Selection {
        semver: Some("^3.18".parse().unwrap()),
        suffix: "-alpine".to_owned(),
        newest: Some(1),
        ..Selection::default()
    };
    assert_eq!(
        why(
            &selection,
            &["3.17-alpine", "3.18.1-alpine", "3.20-alpine", "3.20"]
        ),
        pairs(&[
            ("3.20-alpine", "selected"),
            ("3.18.1-alpine", "selected"),
            ("3.17-alpine", "its version is outside the range"),
            ("3.20", "it does not end in \"-alpine\""),
        ])
    );
}

#[test]
fn without_versions_the_order_is_the_registrys() {
    let selection = Selection {
        glob: patterns(&["*"]),
        ..Selection::default()
    };
    let found: Vec<_> = selection
        .judge(&tags(&["b", "a", "c"]))
        .into_iter()
        .map(|d| d.tag.to_string())
        .collect();
    assert_eq!(found, ["b", "a", "c"]);
}

#[test]
fn a_bad_pattern_is_named() {
    let error = Pattern::new("[a").unwrap_err();
    assert!(error.starts_with("\"[a\" is not a pattern:"), "{error}");
}

#[test]
fn reasons_with_numbers_read_well() {
    let young = Why::TooYoung {
        age: "2h".parse().unwrap(),
        wanted: "7d".parse().unwrap(),
    };
    assert_eq!(young.to_string(), "it is 2h old, and min-age is 7d");
    assert_eq!(Why::Older(5).to_string(), "it is not among the newest 5");
}
