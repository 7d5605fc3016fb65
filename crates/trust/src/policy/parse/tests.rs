use proptest::prelude::*;
use transship_oci::Error;

use super::super::{Level, PolicyFile, SignedByFile, Words};

fn refused(text: &str) -> Error {
    PolicyFile::parse(text, "policy.yaml").unwrap_err()
}

const WHOLE: &str = r#"
version: 1
trust-root: trusted_root.json
max-trust-root-age-days: 180
signers:
  vendor:
    key: [vendor.pub, "env:VENDOR_KEY"]
    tlog: optional
  ci:
    keyless:
      identities:
        - subject-pattern: ^https://github\.com/acme/.*$
          issuer: https://token.actions.githubusercontent.com
          claims: {github-repository: acme/app}
          claim-patterns: {source-ref: ^refs/tags/.*$}
      sct: false
  corp:
    pki: {roots: ca.pem, emails: [release@example.com]}
default:
  refuse: nobody vouches for it
rules:
  - scope: registry.example/acme
    signed-by: {any-of: [vendor, {all-of: [ci, corp]}]}
    at: every-child
    annotations: {stage: prod}
    signed-name: {match: repository, remap: {prefix: mirror.example, signed-prefix: vendor.example}}
    attestations:
      - type: slsaprovenance1
        signed-by: ci
        at: index
        conditions:
          - {pointer: /buildDefinition/buildType, equals: null}
          - {pointer: /n, at-most: 3}
    valid-until: 2027-01-31
  - scope: [registry.example/tool, registry.example/other]
    unsigned: allow
    reason: the vendor does not sign it
denied:
  - digest: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    reason: it was withdrawn
"#;

#[test]
fn everything_that_can_be_said() {
    let file = PolicyFile::parse(WHOLE, "policy.yaml").unwrap();
    assert_eq!(file.max_trust_root_age_days, Some(180));
    let rule = &file.rules[0];
    assert_eq!(rule.at, Some(Level::EveryChild));
    assert_eq!(rule.valid_until.unwrap().to_string(), "2027-01-31");
    let Some(SignedByFile::Group(group)) = &rule.signed_by else {
        panic!("{rule:?}");
    };
    assert_eq!(group.any_of.as_ref().unwrap().len(), 2);
    let conditions = &rule.attestations[0].conditions;
    assert_eq!(conditions[0].equals, Some(serde_json::Value::Null));
    assert_eq!(conditions[1].equals, None);
    assert_eq!(
        file.rules[1].scope,
        Some(Words::Many(vec![
            "registry.example/tool".to_owned(),
            "registry.example/other".to_owned()
        ]))
    );
}

#[test]
fn what_is_written_is_read_to_the_same() {
    let file = PolicyFile::parse(WHOLE, "policy.yaml").unwrap();
    let again = PolicyFile::parse(&file.to_yaml().unwrap(), "again").unwrap();
    assert_eq!(again, file);
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
    let error = refused("version: 1\ndefault:\n  refsue: no\n");
    assert_eq!(error.to_string(), "policy.yaml:3:3: unknown key \"refsue\"");
    assert_eq!(error.hint(), Some("did you mean \"refuse\"?"));
    let error = refused(
        "version: 1\ndefault: {refuse: no}\nrules:\n  - scope: a.b\n    signed-by: {any: [a]}\n",
    );
    assert_eq!(error.message(), "unknown key \"any\"");
    assert_eq!(error.hint(), Some("use one of: any-of, all-of"));
    let error = refused("version: 1\ndefault: {unsigned: alow}\n");
    assert_eq!(error.message(), "unknown value \"alow\"");
    assert_eq!(error.hint(), Some("did you mean \"allow\"?"));
}

#[test]
fn what_is_said_twice_or_not_at_all_is_refused() {
    let error = refused("version: 1\ndefault: {refuse: a}\ndefault: {refuse: b}\n");
    assert!(error.to_string().contains("default"), "{error}");
    let error = refused("version: 1\n");
    assert_eq!(error.message(), "key \"default\" is missing");
    let error = refused("default: {refuse: a}\n");
    assert_eq!(error.message(), "key \"version\" is missing");
    let error = refused("version: 2\ndefault: {refuse: a}\n");
    assert_eq!(error.message(), "policies of version 2 are not known here");
    let error = refused("version: 1\ndefault: {refuse: a}\nrules: [{scope: []}]\n");
    assert!(error.message().contains("the list is empty"), "{error}");
}

#[test]
fn what_is_too_long_is_not_read() {
    let error = refused(&"#".repeat(4 * 1024 * 1024 + 1));
    assert_eq!(
        error.message(),
        "the policy has 4194305 bytes, more than the limit of 4194304"
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = format!(
        "version: 1\ndefault:\n  signed-by: {}a{}\n",
        "{any-of: [".repeat(5000),
        "]}".repeat(5000)
    );
    let _ = refused(&deep);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = PolicyFile::parse(&text, "x");
    }

    #[test]
    fn any_damage_is_read_or_refused(at in 0..WHOLE.len(), with in "\\PC") {
        let mut text = WHOLE.to_owned();
        if text.is_char_boundary(at) {
            text.insert_str(at, &with);
            let _ = PolicyFile::parse(&text, "x");
        }
    }
}
