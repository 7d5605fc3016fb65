//! Whatever is changed in a signature, it is refused, and for the right reason.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use transship_trust::{
    Claim, Class, Demand, Evidence, Finding, Judge, Outcome,
    conformance::{ExpectedSigner, SignedArtifact, VerifyBundle},
};

use crate::{
    make::{Pen, signature_of, subject},
    vectors::{folder, read},
};

fn judge() -> Judge {
    Judge::new("2026-11-24T00:00:00Z".parse().unwrap())
}

fn found(pen: &Pen, evidence: &Evidence) -> Finding {
    judge().judge(evidence, &pen.signer(), &Demand::signature())
}

/// Changes one byte of what a base64 text at `pointer` stands for.
fn flip(json: &Value, pointer: &str, at: usize) -> Value {
    let mut json = json.clone();
    let text = json.pointer_mut(pointer).unwrap();
    let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    *text = Value::from(STANDARD.encode(bytes));
    json
}

#[test]
fn no_byte_of_a_bundle_by_a_key_can_be_changed_unseen() {
    let pen = Pen::p256();
    let json = pen.bundle(&signature_of(&subject())).to_string();
    let hint = pen.key().hint();
    let hint_at = json.find(&hint).unwrap();
    let mut accepted = Vec::new();
    for at in 0..json.len() {
        for bit in [1, 0x20] {
            let mut changed = json.clone().into_bytes();
            changed[at] ^= bit;
            let evidence = Evidence::bundle(subject(), &changed);
            if found(&pen, &evidence).outcome == Outcome::Accepted {
                accepted.push(at);
            }
        }
    }
    // The hint helps to find the key and proves nothing: it, its field's name, and the media type's name are not covered.
    let is_loose = |at: usize| {
        let around = |text: &str| {
            json.match_indices(text)
                .any(|(start, _)| (start..start + text.len()).contains(&at))
        };
        (hint_at..hint_at + hint.len()).contains(&at) || around("hint") || around("mediaType")
    };
    let unseen: Vec<_> = accepted.into_iter().filter(|at| !is_loose(*at)).collect();
    assert_eq!(unseen, Vec::<usize>::new(), "{json}");
}

#[test]
fn each_part_of_a_bundle_by_a_key_has_its_reason() {
    let pen = Pen::p256();
    let json = pen.bundle(&signature_of(&subject()));
    let outcome = |json: &Value| {
        let finding = found(
            &pen,
            &Evidence::bundle(subject(), json.to_string().as_bytes()),
        );
        (finding.outcome, finding.claim)
    };
    let alarm = (Outcome::BadSignature, Claim::Asked);
    assert_eq!(
        outcome(&flip(&json, "/dsseEnvelope/signatures/0/sig", 40)),
        alarm
    );
    // In the payload: a byte of the subject's digest.
    let payload = STANDARD
        .decode(json["dsseEnvelope"]["payload"].as_str().unwrap())
        .unwrap();
    let digest_at = String::from_utf8(payload)
        .unwrap()
        .find(&subject().hex())
        .unwrap();
    assert_eq!(
        outcome(&flip(&json, "/dsseEnvelope/payload", digest_at)),
        alarm
    );

    let mut other = json.clone();
    other["dsseEnvelope"]["payloadType"] = json!("application/vnd.in-toto+jsom");
    assert_eq!(outcome(&other), alarm);
    other = json.clone();
    other["dsseEnvelope"]["signatures"] = json!([]);
    assert_eq!(outcome(&other), (Outcome::BadSignature, Claim::Unknown));
    other = json.clone();
    other["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.4+json");
    assert_eq!(
        outcome(&other),
        (Outcome::UnsupportedFormat, Claim::Unknown)
    );
    // With a hint of another key it is as good as ever; changed and with another hint it is nobody's.
    other = json.clone();
    other["verificationMaterial"]["publicKey"]["hint"] = json!(Pen::p256().key().hint());
    assert_eq!(outcome(&other), (Outcome::Accepted, Claim::Asked));
    let other = flip(&other, "/dsseEnvelope/signatures/0/sig", 40);
    assert_eq!(outcome(&other), (Outcome::UntrustedSigner, Claim::Another));
}

#[test]
fn no_byte_of_simple_signing_can_be_changed_unseen() {
    let pen = Pen::p256();
    let (payload, annotations) = pen.simple(&subject());
    for at in 0..payload.len() {
        let mut changed = payload.to_vec();
        changed[at] ^= 1;
        let evidence = Evidence::simple(subject(), Bytes::from(changed), &annotations);
        let finding = found(&pen, &evidence);
        assert_eq!(finding.outcome, Outcome::BadSignature, "{at}");
    }
    let name = "dev.cosignproject.cosign/signature";
    let signature = STANDARD.decode(&annotations[name]).unwrap();
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 1;
        let mut annotations = annotations.clone();
        annotations.insert(name.to_owned(), STANDARD.encode(changed));
        let evidence = Evidence::simple(subject(), payload.clone(), &annotations);
        assert_eq!(
            found(&pen, &evidence).outcome,
            Outcome::BadSignature,
            "{at}"
        );
    }
}

/// The bundle of a conformance case, with what its judge needs.
struct Keyless {
    json: Value,
    identity: String,
    issuer: String,
    root: Vec<u8>,
    artifact: Vec<u8>,
}

impl Keyless {
    fn load(name: &str) -> Option<Self> {
        let folder = folder("sigstore-conformance")?;
        let verdicts: Value = serde_json::from_slice(&read(&folder, "verdicts.json")).unwrap();
        let cases = verdicts["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["name"] == name).unwrap();
        let text = |field: &str| case[field].as_str().unwrap().to_owned();
        Some(Self {
            json: serde_json::from_slice(&read(&folder, &text("bundle"))).unwrap(),
            identity: text("identity"),
            issuer: text("issuer"),
            root: read(&folder, &text("trusted_root")),
            artifact: read(&folder, &text("artifact")),
        })
    }

    fn found(&self, bundle: &[u8]) -> Finding {
        VerifyBundle {
            bundle,
            signer: ExpectedSigner::Identity {
                identity: &self.identity,
                issuer: &self.issuer,
            },
            trusted_root: Some(&self.root),
            staging: false,
            artifact: SignedArtifact::Bytes(&self.artifact),
        }
        .answer("2026-11-24T00:00:00Z".parse().unwrap())
        .unwrap()
    }

    fn outcome(&self, json: &Value) -> Outcome {
        self.found(json.to_string().as_bytes()).outcome
    }

    /// Where in the certificate the text stands.
    fn in_certificate(&self, text: &str) -> usize {
        let der = self.json.pointer(CERTIFICATE).unwrap().as_str().unwrap();
        let der = STANDARD.decode(der).unwrap();
        der.windows(text.len())
            .position(|it| it == text.as_bytes())
            .unwrap()
    }
}

const CERTIFICATE: &str = "/verificationMaterial/certificate/rawBytes";
const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

#[test]
fn each_part_of_a_keyless_bundle_has_its_reason() {
    let Some(case) = Keyless::load("happy-path-v0.3") else {
        return;
    };
    let flipped = |pointer: &str, at| case.outcome(&flip(&case.json, pointer, at));
    let entry = |field: &str| format!("{ENTRY}{field}");
    assert_eq!(case.outcome(&case.json), Outcome::Accepted);

    assert_eq!(
        flipped("/messageSignature/signature", 20),
        Outcome::BadSignature
    );
    assert_eq!(
        flipped("/messageSignature/messageDigest/digest", 3),
        Outcome::SubjectMismatch
    );
    // The certificate: in a name, and in its authority's signature at the end.
    let name = case.in_certificate("sigstore-conformance");
    assert_eq!(flipped(CERTIFICATE, name), Outcome::UntrustedSigner);
    assert_eq!(flipped(CERTIFICATE, usize::MAX), Outcome::UntrustedSigner);
    // The log.
    assert_eq!(flipped(&entry("/logId/keyId"), 0), Outcome::TrustRoot);
    assert_eq!(
        flipped(&entry("/inclusionPromise/signedEntryTimestamp"), 30),
        Outcome::LogEntry
    );
    assert_eq!(
        flipped(&entry("/inclusionProof/rootHash"), 0),
        Outcome::LogEntry
    );
    assert_eq!(
        flipped(&entry("/inclusionProof/hashes/0"), 0),
        Outcome::LogEntry
    );
    assert_eq!(flipped(&entry("/canonicalizedBody"), 60), Outcome::LogEntry);
    let with = |pointer: &str, value: Value| {
        let mut json = case.json.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        case.outcome(&json)
    };
    assert_eq!(
        with(&entry("/integratedTime"), json!("1710869187")),
        Outcome::LogEntry
    );
    assert_eq!(with(&entry("/logIndex"), json!("1")), Outcome::LogEntry);
    assert_eq!(
        with(&entry("/inclusionProof/logIndex"), json!("1")),
        Outcome::LogEntry
    );
    assert_eq!(
        with(&entry("/inclusionProof/treeSize"), json!("9")),
        Outcome::LogEntry
    );
    let no_log = with("/verificationMaterial/tlogEntries", json!([]));
    assert_eq!(no_log, Outcome::NoLogEntry);
    let checkpoint = case
        .json
        .pointer(&entry("/inclusionProof/checkpoint/envelope"))
        .unwrap();
    let checkpoint =
        checkpoint
            .as_str()
            .unwrap()
            .replacen("rekor.sigstore.dev", "rekor.sigstore.dew", 1);
    assert_eq!(
        with(
            &entry("/inclusionProof/checkpoint/envelope"),
            json!(checkpoint)
        ),
        Outcome::LogEntry
    );
}

#[test]
fn no_byte_of_a_keyless_bundle_can_be_changed_unseen() {
    let Some(case) = Keyless::load("happy-path-v0.3") else {
        return;
    };
    let json = case.json.to_string();
    // Names of fields that may be absent, another known version, and in the checkpoint the log's name beside its signature: the key decides there.
    let loose = [
        "mediaType",
        "version=0.3",
        "messageDigest",
        "timestampVerificationData",
        "rfc3161Timestamps",
        "\u{2014} rekor.sigstore.dev",
    ];
    let is_loose = |at: usize| {
        loose.iter().any(|text| {
            json.match_indices(text)
                .any(|(start, _)| (start..start + text.len()).contains(&at))
        })
    };
    let mut unseen = Vec::new();
    // A step that meets every field: each is longer than it, or read in a test of its own above.
    for at in (0..json.len()).step_by(17).filter(|at| !is_loose(*at)) {
        let mut changed = json.clone().into_bytes();
        changed[at] ^= 1;
        if case.found(&changed).outcome.class() == Class::Good {
            let around = &json.as_bytes()[at.saturating_sub(20)..(at + 20).min(json.len())];
            unseen.push((at, String::from_utf8_lossy(around).into_owned()));
        }
    }
    assert_eq!(unseen, []);
}
