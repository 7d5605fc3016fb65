use std::fmt::Write as _;

use transship_oci::{Digest, ErrorKind, Reference};

use super::super::{Beside, Policy, Rules as _};

fn policy(scopes: &[&str]) -> Policy {
    let mut text = "version: 1\ndefault: {refuse: default}\nrules:\n".to_owned();
    for scope in scopes {
        let _ = writeln!(text, "  - {{scope: {scope:?}, refuse: no}}");
    }
    Policy::read(&text, "policy.yaml", &Beside::new("/nowhere")).unwrap()
}

fn rule<'a>(policy: &'a Policy, reference: &str) -> &'a str {
    let reference: Reference = reference.parse().unwrap();
    let root = Digest::sha256(b"root");
    &policy.rule(Some(&reference), &root).unwrap().name
}

#[test]
fn the_closest_rule_holds_whatever_the_order() {
    let scopes = [
        "reg.example",
        "reg.example/team/app",
        "*.example",
        "reg.example/team/app:v1.*",
        "reg.example/team",
        "reg.example/team/app:v1.2",
    ];
    let mut backwards = scopes;
    backwards.reverse();
    for scopes in [scopes, backwards] {
        let policy = policy(&scopes);
        for (reference, wanted) in [
            ("reg.example/team/app:v1.2", "reg.example/team/app:v1.2"),
            ("reg.example/team/app:v1.3", "reg.example/team/app:v1.*"),
            ("reg.example/team/app:v2", "reg.example/team/app"),
            ("reg.example/team/other:v1.2", "reg.example/team"),
            ("reg.example/app", "reg.example"),
            ("other.example/app", "*.example"),
            ("other.test/app", "default"),
        ] {
            assert_eq!(rule(&policy, reference), wanted);
        }
        let root = Digest::sha256(b"root");
        assert_eq!(policy.rule(None, &root).unwrap().name, "default");
    }
}

#[test]
fn two_rules_that_fit_equally_closely_are_no_answer() {
    let policy = policy(&[
        "reg.example/app:v*",
        "reg.example/app:*2",
        "reg.example/app:x",
    ]);
    assert_eq!(rule(&policy, "reg.example/app:v1"), "reg.example/app:v*");
    let reference: Reference = "reg.example/app:v2".parse().unwrap();
    let error = policy
        .rule(Some(&reference), &Digest::sha256(b"root"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotCheck);
    assert_eq!(
        error.message(),
        "the rules \"reg.example/app:v*\" and \"reg.example/app:*2\" fit reg.example/app:v2 equally closely"
    );
}
