use proptest::prelude::*;
use transship_oci::{Digest, Reference};

use super::{Scope, is_like};

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn root() -> Digest {
    Digest::sha256(b"root")
}

fn fits(scope: &str, reference: &str) -> bool {
    let reference: Reference = reference.parse().unwrap();
    self::scope(scope).fits(&reference, &root()).is_some()
}

#[test]
fn what_fits() {
    let pinned = format!("reg.example/app@{}", root());
    let other = format!("reg.example/app@{}", Digest::sha256(b"other"));
    for (scope, reference, wanted) in [
        ("reg.example", "reg.example/app:1", true),
        ("reg.example", "reg.example:5000/app:1", false),
        ("reg.example:5000", "reg.example:5000/app:1", true),
        ("reg.example/team", "reg.example/team/app:1", true),
        ("reg.example/team", "reg.example/team2/app:1", false),
        ("reg.example/team/app", "reg.example/team/app", true),
        ("reg.example/app:1", "reg.example/app:1", true),
        ("reg.example/app:1", "reg.example/app:11", false),
        ("reg.example/app:1", "reg.example/app", false),
        ("reg.example/app:v1.*", "reg.example/app:v1.2", true),
        ("reg.example/app:v1.*", "reg.example/app/sub:v1.2", false),
        ("reg.example/app:v?", "reg.example/app:v12", false),
        (&pinned, "reg.example/app:1", true),
        (&other, "reg.example/app:1", false),
        ("*.example", "reg.example:5000/app", true),
        ("*.example", "reg.other.example/app", true),
        ("*.example", "example.com/app", false),
        ("*.reg.example", "reg.example/app", false),
        ("docker.io/library", "nginx:1", true),
        ("docker.io/nginx", "nginx:1", false),
        ("index.docker.io", "nginx:1", true),
        ("[::1]:5000/app", "[::1]:5000/app:1", true),
    ] {
        assert_eq!(fits(scope, reference), wanted, "{scope} {reference}");
    }
}

#[test]
fn the_closest_has_the_highest_rank() {
    let reference: Reference = "reg.example/team/app:v1.2".parse().unwrap();
    let pinned = format!("reg.example/team/app@{}", root());
    let scopes = [
        "*.example",
        "reg.example",
        "reg.example/team",
        "reg.example/team/app",
        "reg.example/team/app:*",
        "reg.example/team/app:v*",
        "reg.example/team/app:v1.?",
        "reg.example/team/app:v1.2",
        &pinned,
    ];
    let ranks = scopes.map(|text| scope(text).fits(&reference, &root()).unwrap());
    assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
}

#[test]
fn what_is_no_scope() {
    for (text, why) in [
        (
            "",
            "does not start with a registry's host; names are not completed here",
        ),
        (
            "nginx",
            "does not start with a registry's host; names are not completed here",
        ),
        (
            "library/nginx",
            "does not start with a registry's host; names are not completed here",
        ),
        ("*.", "is no wildcard for hosts"),
        ("*.*.example", "is no wildcard for hosts"),
        ("*.example/app", "is no wildcard for hosts"),
        ("*.example:5000", "is no wildcard for hosts"),
    ] {
        let error = text.parse::<Scope>().unwrap_err();
        assert_eq!(error.message(), format!("scope {text:?} {why}"));
    }
    for text in [
        "reg.example/",
        "reg.example/App",
        "reg.example/app:",
        "reg.example/app:v[1]",
        "reg.example/app@sha256:12",
        "reg.example/*/app",
        "https://reg.example",
        "-.example",
    ] {
        assert!(text.parse::<Scope>().is_err(), "{text}");
    }
}

#[test]
fn it_is_shown_as_it_is_written() {
    for text in [
        "*.example",
        "reg.example:5000/a/b",
        "reg.example/app:v1.*",
        "docker.io/team",
    ] {
        assert_eq!(scope(text).to_string(), text);
    }
}

proptest! {
    #[test]
    fn any_text_is_one_or_is_refused(text in "\\PC{0,40}") {
        let _ = text.parse::<Scope>();
    }

    #[test]
    fn patterns_mean_what_the_expression_means(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let expression = pattern.replace('*', ".*").replace('?', ".");
        let expression = regex::Regex::new(&format!("^{expression}$")).unwrap();
        prop_assert_eq!(is_like(&pattern, &text), expression.is_match(&text));
    }
}
