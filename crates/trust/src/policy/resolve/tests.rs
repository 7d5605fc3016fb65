use std::collections::BTreeMap;

use transship_oci::{Error, ErrorKind, Result};

use super::super::{Materials, Policy, Stance, wants};
use crate::sign::PrivateKey;

/// Files in memory.
struct Shelf(BTreeMap<&'static str, String>);

impl Shelf {
    fn new() -> Self {
        let key = PrivateKey::generate().unwrap().public_pem();
        Self(BTreeMap::from([("vendor.pub", key.clone()), ("KEY", key)]))
    }
}

impl Materials for Shelf {
    fn file(&self, path: &str) -> Result<Vec<u8>> {
        let file = self.0.get(path).filter(|_| path.contains('.'));
        file.map(|text| text.clone().into_bytes())
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no {path}")))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

fn read(text: &str) -> Result<Policy> {
    Policy::read(&format!("version: 1\n{text}"), "policy.yaml", &Shelf::new())
}

fn refused(text: &str) -> String {
    let error = read(text).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Invalid | ErrorKind::NotFound),
        "{error:?}"
    );
    assert!(error.place().unwrap().starts_with("policy.yaml"), "{error}");
    match error.operation() {
        Some(op) => format!("{op}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

const VENDOR: &str = "signers: {vendor: {key: vendor.pub}}\n";

#[test]
fn keys_come_from_files_variables_and_the_policy_itself() {
    let pem = PrivateKey::generate().unwrap().public_pem();
    let inline = pem.replace('\n', "\n      ");
    let policy = read(&format!(
        "signers:\n  vendor:\n    key: [vendor.pub, 'env:KEY', 'env://KEY']\n  other:\n    key: |\n      {inline}\ndefault: {{signed-by: {{all-of: [vendor, other]}}}}\n"
    ))
    .unwrap();
    let Stance::Demands(clauses) = &policy.default_rule().stance else {
        panic!("{policy:?}");
    };
    let signers = clauses[0].by.each();
    let counts: Vec<_> = signers
        .iter()
        .map(|(name, signer)| match signer.unwrap() {
            crate::Signer::Key(key) => (*name, key.keys.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [("vendor", 3), ("other", 1)]);
}

#[test]
fn what_a_rule_wants_can_be_read() {
    let policy = read(&format!(
        "{VENDOR}default:\n  signed-by: vendor\n  at: any\n  annotations: {{a: b}}\n  signed-name: {{match: exact}}\n  attestations: [{{type: spdxjson, at: every-child, conditions: [{{pointer: /x, exists: true}}]}}]\n  valid-from: 2026-01-01\n"
    ))
    .unwrap();
    assert_eq!(
        wants(policy.default_rule()),
        [
            "signature by vendor for the index, or else every manifest below it, with annotation a=b, signed as the reference that is asked for",
            "attestation https://spdx.dev/Document by vendor for every manifest below the index, in which \"/x\" exists",
            "from 2026-01-01 on",
        ]
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (text, why) in [
        ("default: {}", "rule \"default\": it says nothing"),
        ("default: {reason: x}", "rule \"default\": it says nothing"),
        (
            "default: {unsigned: allow}",
            "rule \"default\": it allows what is unsigned without a reason",
        ),
        (
            "default: {unsigned: allow, reason: '  '}",
            "rule \"default\": it allows what is unsigned without a reason",
        ),
        (
            "default: {unsigned: allow, reason: x, refuse: y}",
            "rule \"default\": it refuses, allows what is unsigned, and demands signatures: only one can hold",
        ),
        (
            "default: {refuse: x, at: index}",
            "rule \"default\": at means nothing where nothing is demanded",
        ),
        (
            "default: {refuse: x, reason: y}",
            "rule \"default\": refuse is given its reason itself: `refuse: why`",
        ),
        (
            "default: {refuse: x, scope: a.b}",
            "the default has a scope; it holds wherever no rule does",
        ),
        (
            "default: {refuse: x}\nrules: [{refuse: y}]",
            "a rule has no scope; what holds everywhere is the default",
        ),
        (
            "default: {refuse: x}\nrules: [{scope: a.b, refuse: y}, {scope: a.b, refuse: y}]",
            "there are two rules for the scope \"a.b\"",
        ),
        (
            "default: {refuse: x, valid-from: 2026-02-02, valid-until: 2026-01-01}",
            "rule \"default\" ends before it begins",
        ),
        (
            "default: {signed-by: nobody}",
            "rule \"default\": there is no signer \"nobody\"",
        ),
        (
            "default: {signed-by: {any-of: []}}",
            "rule \"default\": any-of or all-of nobody is wanted",
        ),
        (
            "default: {signed-by: {}}",
            "rule \"default\": signed-by wants one of any-of and all-of",
        ),
        (
            "default: {attestations: [{type: spdxjson}]}",
            "rule \"default\": an attestation is wanted, and nothing says by whom: write signed-by",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {}}",
            "signer \"a\": it wants exactly one of key, keyless, pki and openpgp",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {key: lost.pub}}",
            "signer \"a\": there is no lost.pub",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {key: 'env:LOST'}}",
            "signer \"a\": the variable LOST is not set",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {keyless: {identities: []}}}",
            "signer \"a\": it has no identities",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {keyless: {identities: [{subject: s}]}}}",
            "signer \"a\": an identity wants exactly one of issuer and issuer-pattern",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {keyless: {identities: [{issuer: s}]}}}",
            "signer \"a\": an identity wants exactly one of subject, subject-pattern and email",
        ),
        (
            "default: {refuse: x}\nsigners: {a: {key: vendor.pub, trust-root: 'sigstore:public-good', log-keys: vendor.pub}}",
            "signer \"a\": it has log-keys and a trust-root: only one can be trusted",
        ),
        (
            "default: {refuse: x}\ndenied: [{digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', reason: ''}]",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is denied without a reason",
        ),
    ] {
        assert_eq!(refused(text), why, "{text}");
    }
}

#[test]
fn what_demands_mean_is_checked() {
    for (rest, why) in [
        (
            "attestations: [{type: sbom}]",
            "\"sbom\" is no predicate type",
        ),
        (
            "attestations: [{type: 'https://sigstore.dev/cosign/sign/v1'}]",
            "a signature is wanted as an attestation",
        ),
        (
            "attestations: [{type: vuln, conditions: [{pointer: /a}]}]",
            "the condition on \"/a\" wants exactly one test",
        ),
        (
            "attestations: [{type: vuln, conditions: [{pointer: /a, exists: true, equals: 1}]}]",
            "the condition on \"/a\" wants exactly one test",
        ),
        (
            "attestations: [{type: vuln, conditions: [{pointer: a, exists: true}]}]",
            "\"a\" is no JSON pointer",
        ),
        (
            "signed-name: {}",
            "signed-name wants exactly one of match, reference and repository",
        ),
        (
            "signed-name: {reference: reg.example/app}",
            "reg.example/app has neither tag nor digest",
        ),
        (
            "signed-name: {repository: 'reg.example/app:1'}",
            "\"reg.example/app:1\" is more than a repository",
        ),
        (
            "signed-name: {repository: reg.example/app, remap: {prefix: a.b, signed-prefix: c.d}}",
            "remap changes what is matched, and signed-name has no match",
        ),
        (
            "reason: because",
            "reason belongs to `unsigned: allow` only",
        ),
    ] {
        let text = format!("{VENDOR}default: {{signed-by: vendor, {rest}}}\n");
        assert_eq!(refused(&text), format!("rule \"default\": {why}"), "{rest}");
    }
    let text = format!(
        "{VENDOR}default: {{attestations: [{{type: vuln, signed-by: vendor}}], signed-name: {{match: exact}}}}"
    );
    assert_eq!(
        refused(&text),
        "rule \"default\": signed-name and annotations speak of signatures, and no signed-by wants one"
    );
}

#[test]
fn names_that_are_nearly_right_are_suggested() {
    let hint = |text: &str| read(text).unwrap_err().hint().map(str::to_owned);
    assert_eq!(
        hint(&format!("{VENDOR}default: {{signed-by: vender}}")).as_deref(),
        Some("did you mean \"vendor\"?")
    );
    assert_eq!(
        hint(&format!(
            "{VENDOR}default: {{signed-by: vendor, attestations: [{{type: spdxjsn}}]}}"
        ))
        .as_deref(),
        Some("did you mean \"spdxjson\"?")
    );
    assert_eq!(
        hint("default: {signed-by: x}").as_deref(),
        Some("add it under signers")
    );
}

#[test]
fn a_private_key_given_by_mistake_is_not_shown() {
    use secrecy::ExposeSecret as _;
    let pem = PrivateKey::generate().unwrap().to_pem();
    let pem = pem.expose_secret();
    let inline = pem.replace('\n', "\n      ");
    let error = read(&format!(
        "signers:\n  a:\n    key: |\n      {inline}\ndefault: {{signed-by: a}}\n"
    ))
    .unwrap_err();
    assert_eq!(
        error.message(),
        "a private key was given where a public key is wanted"
    );
    let body = pem.lines().nth(1).unwrap();
    assert!(!format!("{error} {error:?} {:?}", error.hint()).contains(body));
}

#[test]
fn an_openpgp_signer_can_be_named_and_answers_that_it_cannot_be_judged() {
    let policy =
        read("signers: {old: {openpgp: {keyring: ring.gpg}}}\ndefault: {signed-by: old}\n")
            .unwrap();
    let Stance::Demands(clauses) = &policy.default_rule().stance else {
        panic!("{policy:?}");
    };
    assert!(matches!(clauses[0].by, super::Signers::Unsupported { .. }));
}
