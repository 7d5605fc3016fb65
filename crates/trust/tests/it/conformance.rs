//! The sigstore-conformance suite: 70 bundles, each for a file and for its digest.

use std::path::Path;

use serde::Deserialize;
use transship_oci::Digest;
use transship_trust::{
    Claim, Class, Finding, Outcome,
    conformance::{ExpectedSigner, SignedArtifact, VerifyBundle},
};

use crate::vectors::{folder, read, text};

#[derive(Deserialize)]
struct Verdicts {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    expect: String,
    bundle: String,
    artifact: String,
    trusted_root: String,
    key: Option<String>,
    identity: Option<String>,
    issuer: Option<String>,
}

impl Case {
    /// The finding, or the error, for the file or for its digest.
    fn answer(&self, folder: &Path, by_digest: bool) -> Result<Finding, String> {
        let bundle = read(folder, &self.bundle);
        let artifact = read(folder, &self.artifact);
        let root = read(folder, &self.trusted_root);
        let key = self.key.as_ref().map(|key| text(folder, key));
        let signer = match (&key, &self.identity, &self.issuer) {
            (Some(key), ..) => ExpectedSigner::Key(key),
            (None, Some(identity), Some(issuer)) => ExpectedSigner::Identity { identity, issuer },
            _ => panic!("{} names no signer", self.name),
        };
        let question = VerifyBundle {
            bundle: &bundle,
            signer,
            trusted_root: Some(&root),
            staging: false,
            artifact: if by_digest {
                SignedArtifact::Digest(Digest::sha256(&artifact))
            } else {
                SignedArtifact::Bytes(&artifact)
            },
        };
        question.answer(now()).map_err(|error| error.to_string())
    }
}

fn now() -> jiff::Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn cases(folder: &Path) -> Vec<Case> {
    serde_json::from_slice::<Verdicts>(&read(folder, "verdicts.json"))
        .unwrap()
        .cases
}

#[test]
fn all_140_checks_agree() {
    let Some(folder) = folder("sigstore-conformance") else {
        return;
    };
    let cases = cases(&folder);
    assert_eq!(cases.len(), 70);
    let mut differ = Vec::new();
    for case in &cases {
        for by_digest in [false, true] {
            let answer = case.answer(&folder, by_digest);
            let good = answer
                .as_ref()
                .is_ok_and(|finding| finding.outcome.class() == Class::Good);
            if good != (case.expect == "pass") {
                differ.push(format!("{} (digest: {by_digest}): {answer:?}", case.name));
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
}

/// For each bundle that must fail: why, or `None` where the key or the root given with it cannot be read.
const REASONS: [(&str, Option<Outcome>); 49] = [
    (
        "bundle-empty-certificate-chain_fail",
        Some(Outcome::BadSignature),
    ),
    (
        "bundle-from-wrong-instance_fail",
        Some(Outcome::UntrustedSigner),
    ),
    (
        "bundle-invalid-base64-signature_fail",
        Some(Outcome::BadSignature),
    ),
    ("bundle-malformed-json_fail", Some(Outcome::BadSignature)),
    ("bundle-negative-log-index_fail", Some(Outcome::LogEntry)),
    (
        "bundle-unknown-version_fail",
        Some(Outcome::UnsupportedFormat),
    ),
    ("bundle-with-root-cert_fail", Some(Outcome::UntrustedSigner)),
    ("checkpoint-bad-keyhint_fail", Some(Outcome::LogEntry)),
    ("checkpoint-wrong-roothash_fail", Some(Outcome::LogEntry)),
    ("dsse-invalid-sig_fail", Some(Outcome::BadSignature)),
    ("dsse-mismatch-envelope_fail", Some(Outcome::LogEntry)),
    ("dsse-mismatch-sig_fail", Some(Outcome::LogEntry)),
    (
        "inclusion-proof-corrupted-hash_fail",
        Some(Outcome::LogEntry),
    ),
    ("incorrect-public-key_fail", Some(Outcome::LogEntry)),
    ("integrated-time-in-future_fail", Some(Outcome::Expired)),
    ("intoto-expired-certificate_fail", Some(Outcome::Expired)),
    ("intoto-log-entry-mismatch_fail", Some(Outcome::LogEntry)),
    (
        "intoto-missing-inclusion-proof_fail",
        Some(Outcome::LogEntry),
    ),
    (
        "intoto-set-outside-signing-cert-validity_fail",
        Some(Outcome::Expired),
    ),
    (
        "intoto-tsa-timestamp-outside-cert-validity_fail",
        Some(Outcome::Expired),
    ),
    ("invalid-checkpoint-signature_fail", Some(Outcome::LogEntry)),
    ("invalid-ct-key_fail", Some(Outcome::UntrustedSigner)),
    ("invalid-inclusion-proof_fail", Some(Outcome::LogEntry)),
    ("managed-key-no-key_fail", Some(Outcome::UntrustedSigner)),
    ("managed-key-wrong-key_fail", None),
    (
        "message-digest-mismatch_fail",
        Some(Outcome::SubjectMismatch),
    ),
    (
        "rekor2-checkpoint-missing-log-signature_fail",
        Some(Outcome::LogEntry),
    ),
    (
        "rekor2-checkpoint-missing-origin_fail",
        Some(Outcome::LogEntry),
    ),
    (
        "rekor2-checkpoint-missing-root-hash_fail",
        Some(Outcome::LogEntry),
    ),
    (
        "rekor2-checkpoint-missing-size_fail",
        Some(Outcome::LogEntry),
    ),
    (
        "rekor2-checkpoint-no-matching-signature_fail",
        Some(Outcome::LogEntry),
    ),
    ("rekor2-dsse-invalid-sig_fail", Some(Outcome::BadSignature)),
    (
        "rekor2-dsse-mismatch-envelope_fail",
        Some(Outcome::LogEntry),
    ),
    ("rekor2-dsse-mismatch-sig_fail", Some(Outcome::LogEntry)),
    ("rekor2-no-inclusion-proof_fail", Some(Outcome::LogEntry)),
    ("rekor2-no-timestamp_fail", Some(Outcome::NoTrustedTime)),
    (
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        Some(Outcome::NoTrustedTime),
    ),
    (
        "rekor2-timestamp-outside-tsa-cert-validity_fail",
        Some(Outcome::NoTrustedTime),
    ),
    (
        "rekor2-timestamp-payload-mismatch_fail",
        Some(Outcome::NoTrustedTime),
    ),
    (
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail",
        Some(Outcome::NoTrustedTime),
    ),
    (
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
        Some(Outcome::NoTrustedTime),
    ),
    (
        "rekor2-timestamp-with-incorrect-time_fail",
        Some(Outcome::BadSignature),
    ),
    ("set-invalid-signature_fail", Some(Outcome::LogEntry)),
    ("signature-mismatch_fail", Some(Outcome::BadSignature)),
    ("trust-root-tlog-missing-validity-start_fail", None),
    ("wrong-hashedrekord-artifact_fail", Some(Outcome::LogEntry)),
    (
        "wrong-hashedrekord-cert-and-sig_fail",
        Some(Outcome::LogEntry),
    ),
    ("wrong-hashedrekord-entry_fail", Some(Outcome::LogEntry)),
    ("wrong-material_fail", Some(Outcome::BadSignature)),
];

#[test]
fn each_failure_has_its_reason() {
    let Some(folder) = folder("sigstore-conformance") else {
        return;
    };
    let mut cases = cases(&folder);
    cases.retain(|case| case.expect == "fail");
    let found: Vec<(&str, Option<Outcome>)> = cases
        .iter()
        .map(|case| {
            let answer = case.answer(&folder, false).ok();
            (case.name.as_str(), answer.map(|finding| finding.outcome))
        })
        .collect();
    assert_eq!(found, REASONS);
}

#[test]
fn what_was_proved_is_reported() {
    let Some(folder) = folder("sigstore-conformance") else {
        return;
    };
    let cases = cases(&folder);
    let named = |name: &str| cases.iter().find(|case| case.name == name).unwrap();

    let finding = named("happy-path-v0.3").answer(&folder, true).unwrap();
    assert_eq!(finding.outcome, Outcome::Accepted);
    assert_eq!(finding.claim, Claim::Asked);
    assert_eq!(
        finding.signed_by.issuer.as_deref(),
        Some("https://token.actions.githubusercontent.com")
    );
    assert_eq!(
        finding.signed_by.subjects,
        [named("happy-path-v0.3").identity.clone().unwrap()]
    );
    let proof = &finding.proof;
    assert!(proof.certificate && proof.sct && proof.log);
    assert_eq!(
        proof.times,
        ["2024-03-19T17:26:26Z".parse::<jiff::Timestamp>().unwrap()]
    );

    let finding = named("managed-key-happy-path")
        .answer(&folder, true)
        .unwrap();
    assert!(finding.proof.log && !finding.proof.certificate);
    assert_eq!(finding.signed_by.subjects, Vec::<String>::new());
}
