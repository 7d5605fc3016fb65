//! Signatures by a key.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use transship_oci::{Algorithm, Digest};
use transship_trust::{
    AttestationDemand, Claim, Class, Condition, Demand, Evidence, Finding, Judge, Key, KeySigner,
    NameRule, Outcome, SIGN, SignatureDemand, Signer, Test, Tlog, TrustRoot, conclude,
};

use crate::{
    make::{Pen, signature_of, statement, subject},
    vectors::{folder, read, text},
};

fn judge() -> Judge {
    Judge::new("2026-11-24T00:00:00Z".parse().unwrap())
}

fn found(evidence: &Evidence, signer: &Signer, demand: &Demand) -> (Outcome, Claim, String) {
    let finding = judge().judge(evidence, signer, demand);
    (finding.outcome, finding.claim, finding.detail)
}

fn bundle(json: &serde_json::Value) -> Evidence {
    Evidence::bundle(subject(), json.to_string().as_bytes())
}

#[test]
fn every_kind_of_key_signs_in_every_form() {
    for (kind, pen) in Pen::all() {
        for (form, evidence) in pen.signatures(&subject()) {
            let finding = judge().judge(&evidence, &pen.signer(), &Demand::signature());
            assert_eq!(
                finding.outcome,
                Outcome::Accepted,
                "{kind} {form}: {finding:?}"
            );
            assert_eq!(finding.signed_by.key, Some(pen.key().fingerprint()));
        }
    }
}

#[test]
fn another_key_is_another_signer_where_the_form_can_tell() {
    let (ours, theirs) = (Pen::p256(), Pen::p256());
    let claims: Vec<_> = theirs
        .signatures(&subject())
        .iter()
        .map(|(_, evidence)| found(evidence, &ours.signer(), &Demand::signature()))
        .collect();
    let unknown = "none of the keys made it: it is another's, or it or what it covers was changed";
    let another = "it was made with another key than those asked for";
    assert_eq!(
        claims,
        [
            (Outcome::BadSignature, Claim::Unknown, unknown.to_owned()),
            (Outcome::UntrustedSigner, Claim::Another, another.to_owned()),
        ]
    );
}

#[test]
fn any_of_several_keys_will_do() {
    let (ours, theirs) = (Pen::p256(), Pen::p256());
    let signer = Signer::Key(KeySigner {
        keys: vec![theirs.key(), ours.key()],
        tlog: Tlog::Ignore,
        root: None,
    });
    for (form, evidence) in ours.signatures(&subject()) {
        let (outcome, ..) = found(&evidence, &signer, &Demand::signature());
        assert_eq!(outcome, Outcome::Accepted, "{form}");
    }
}

#[test]
fn a_signature_of_something_else_is_an_alarm() {
    let pen = Pen::p256();
    let other = Digest::sha256(b"another image");
    for (form, mut evidence) in pen.signatures(&other) {
        evidence.subject = subject();
        let finding = judge().judge(&evidence, &pen.signer(), &Demand::signature());
        assert_eq!(finding.outcome, Outcome::SubjectMismatch, "{form}");
        assert!(finding.is_alarm(), "{form}");
    }
}

#[test]
fn an_attestation_is_no_signature() {
    let pen = Pen::p256();
    let sbom = statement(&subject(), "https://spdx.dev/Document", &json!({}));
    let (outcome, claim, detail) = found(
        &bundle(&pen.bundle(&sbom)),
        &pen.signer(),
        &Demand::signature(),
    );
    assert_eq!(
        (outcome, claim),
        (Outcome::WrongPredicateType, Claim::Unknown)
    );
    assert_eq!(
        detail,
        "it is a statement of type https://spdx.dev/Document, which is no signature"
    );

    let signature = bundle(&pen.bundle(&signature_of(&subject())));
    let wanted = Demand::attestation("https://spdx.dev/Document");
    let (outcome, _, detail) = found(&signature, &pen.signer(), &wanted);
    assert_eq!(outcome, Outcome::WrongPredicateType);
    assert_eq!(detail, format!("it is a statement of type {SIGN}"));

    let (payload, annotations) = pen.simple(&subject());
    let simple = Evidence::simple(subject(), payload, &annotations);
    let (outcome, ..) = found(&simple, &pen.signer(), &wanted);
    assert_eq!(outcome, Outcome::WrongPredicateType);
}

#[test]
fn attestations_meet_conditions_in_both_forms() {
    let pen = Pen::p256();
    let kind = "https://slsa.dev/provenance/v1";
    let predicate =
        json!({"runDetails": {"builder": {"id": "https://build.example/a"}}, "level": 3});
    let statement = statement(&subject(), kind, &predicate);
    let envelope = pen.envelope(&statement.to_string()).to_string();
    // cosign writes an empty annotation there.
    let annotations = BTreeMap::from([(
        "dev.cosignproject.cosign/signature".to_owned(),
        String::new(),
    )]);
    let forms = [
        bundle(&pen.bundle(&statement)),
        Evidence::envelope(subject(), envelope.as_bytes(), &annotations),
    ];
    let wanted = |pointer: &str, test| {
        Demand::Attestation(AttestationDemand {
            predicate_types: vec![
                "https://slsa.dev/provenance/v0.2".to_owned(),
                kind.to_owned(),
            ],
            conditions: vec![
                Condition {
                    pointer: "/level".to_owned(),
                    test: Test::AtLeast(3.0),
                },
                Condition {
                    pointer: pointer.to_owned(),
                    test,
                },
            ],
        })
    };
    let builder = "/runDetails/builder/id";
    for form in &forms {
        let good = wanted(builder, Test::Equals(json!("https://build.example/a")));
        assert_eq!(found(form, &pen.signer(), &good).0, Outcome::Accepted);

        let bad = wanted(builder, Test::Equals(json!("https://build.example/b")));
        let (outcome, _, detail) = found(form, &pen.signer(), &bad);
        assert_eq!(outcome, Outcome::PolicyRefuses);
        assert_eq!(
            detail,
            "the predicate does not meet the condition that \"/runDetails/builder/id\" equals \"https://build.example/b\""
        );
    }
}

#[test]
fn annotations_must_have_been_signed_along() {
    let pen = Pen::p256();
    let wanted = |name: &str, value: &str| {
        Demand::Signature(SignatureDemand {
            annotations: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            name: None,
        })
    };
    for (form, evidence) in pen.signatures(&subject()) {
        let ask = |demand| found(&evidence, &pen.signer(), &demand);
        assert_eq!(ask(wanted("env", "prod")).0, Outcome::Accepted, "{form}");
        let (outcome, _, detail) = ask(wanted("env", "test"));
        assert_eq!(outcome, Outcome::PolicyRefuses, "{form}");
        assert_eq!(detail, "annotation \"env\" was signed with another value");
        let (_, _, detail) = ask(wanted("who", "me"));
        assert_eq!(detail, "annotation \"who\" was not signed along");
    }
}

#[derive(Debug)]
struct OnlyApp;

impl NameRule for OnlyApp {
    fn accepts(&self, signed: &str) -> Result<(), String> {
        (signed == "registry.example/app")
            .then_some(())
            .ok_or_else(|| "another name".to_owned())
    }
}

#[test]
fn a_rule_about_the_name_needs_a_form_that_has_one() {
    let pen = Pen::p256();
    let demand = Demand::Signature(SignatureDemand {
        name: Some(Arc::new(OnlyApp)),
        ..SignatureDemand::default()
    });
    let outcomes: Vec<_> = pen
        .signatures(&subject())
        .iter()
        .map(|(_, evidence)| found(evidence, &pen.signer(), &demand).0)
        .collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::PolicyRefuses]);
}

#[test]
fn a_log_entry_is_asked_for_as_the_signer_says() {
    let pen = Pen::p256();
    for (form, evidence) in pen.signatures(&subject()) {
        let ask = |tlog| found(&evidence, &pen.signer_with(tlog), &Demand::signature());
        let (outcome, claim, detail) = ask(Tlog::Required);
        assert_eq!(
            (outcome, claim),
            (Outcome::NoLogEntry, Claim::Asked),
            "{form}"
        );
        assert_eq!(
            detail,
            "it has no entry of a transparency log, and one is required"
        );
        let (outcome, _, detail) = ask(Tlog::Optional);
        assert_eq!(outcome, Outcome::Accepted, "{form}");
        assert_eq!(detail, "the key made it; it was not logged");
    }
}

#[test]
fn an_entry_that_nobody_knows_hides_the_signature_only_from_those_who_ask_for_it() {
    let pen = Pen::p256();
    let mut json = pen.bundle(&signature_of(&subject()));
    json["verificationMaterial"]["tlogEntries"] = json!([{
        "logIndex": "1", "logId": {"keyId": ""}, "integratedTime": "1",
        "kindVersion": {"kind": "intoto", "version": "0.0.1"}, "canonicalizedBody": "",
    }]);
    let ask = |tlog| found(&bundle(&json), &pen.signer_with(tlog), &Demand::signature());
    assert_eq!(ask(Tlog::Ignore).0, Outcome::Accepted);
    let (outcome, claim, detail) = ask(Tlog::Required);
    assert_eq!((outcome, claim), (Outcome::UnsupportedFormat, Claim::Asked));
    assert_eq!(
        detail,
        "a log entry of kind {\"kind\":\"intoto\",\"version\":\"0.0.1\"} is not known to this version"
    );
}

#[test]
fn one_alarm_is_bad_and_a_stranger_is_not() {
    let (ours, theirs) = (Pen::p256(), Pen::p256());
    let good = bundle(&ours.bundle(&signature_of(&subject())));
    let strange = bundle(&theirs.bundle(&signature_of(&subject())));
    let mut forged = ours.bundle(&signature_of(&subject()));
    forged["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(theirs.sign(b"x")));
    let forged = bundle(&forged);

    let verdict = |evidence: &[&Evidence]| {
        let findings: Vec<Finding> = evidence
            .iter()
            .map(|it| judge().judge(it, &ours.signer(), &Demand::signature()))
            .collect();
        conclude(&findings)
    };
    assert_eq!(verdict(&[]), (Class::Missing, Outcome::None));
    assert_eq!(
        verdict(&[&strange, &good]),
        (Class::Good, Outcome::Accepted)
    );
    assert_eq!(verdict(&[&strange]), (Class::Bad, Outcome::UntrustedSigner));
    assert_eq!(
        verdict(&[&good, &forged]),
        (Class::Bad, Outcome::BadSignature)
    );
    // Nor does another form rescue it.
    let (payload, annotations) = ours.simple(&subject());
    let simple = Evidence::simple(subject(), payload, &annotations);
    assert_eq!(
        verdict(&[&simple, &forged]),
        (Class::Bad, Outcome::BadSignature)
    );
}

/// A bundle by a key with an entry in the log, of the conformance suite.
struct Logged {
    evidence: Evidence,
    key: String,
    root: Arc<TrustRoot>,
}

fn logged() -> Option<Logged> {
    let folder = folder("sigstore-conformance")?;
    let case = "test/assets/bundle-verify/managed-key-happy-path";
    let artifact = read(&folder, "test/assets/bundle-verify/a.txt");
    let bundle = read(&folder, &format!("{case}/bundle.sigstore.json"));
    let root = read(&folder, "trusted_root.public-good.json");
    Some(Logged {
        evidence: Evidence::bundle(Digest::sha256(&artifact), &bundle),
        key: text(&folder, &format!("{case}/key.pub")),
        root: Arc::new(TrustRoot::from_json(&root).unwrap()),
    })
}

#[test]
fn an_entry_is_verified_where_there_is_a_root_to_do_it_by() {
    let Some(logged) = logged() else { return };
    let ask = |tlog, root: Option<Arc<TrustRoot>>| {
        let keys = Key::from_pem(&logged.key).unwrap();
        let signer = Signer::Key(KeySigner { keys, tlog, root });
        judge().judge(&logged.evidence, &signer, &Demand::signature())
    };
    let sound = Some(Arc::clone(&logged.root));
    let finding = ask(Tlog::Required, sound.clone());
    assert_eq!(
        finding.detail,
        "the key made it, and the log has an entry for it"
    );
    assert!(finding.proof.log && !finding.proof.times.is_empty());
    assert!(ask(Tlog::Optional, sound.clone()).proof.log);
    assert!(!ask(Tlog::Ignore, sound).proof.log);

    assert_eq!(ask(Tlog::Required, None).outcome, Outcome::TrustRoot);
    let finding = ask(Tlog::Optional, None);
    assert_eq!(finding.outcome, Outcome::Accepted);
    assert_eq!(
        finding.detail,
        "the key made it; its log entry was not looked at, for want of a trust root"
    );

    let other = Some(Arc::new(TrustRoot::staging().unwrap()));
    for tlog in [Tlog::Required, Tlog::Optional] {
        let finding = ask(tlog, other.clone());
        assert_eq!(finding.outcome, Outcome::TrustRoot);
        assert_eq!(
            finding.detail,
            "the trust root does not know the transparency log wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0="
        );
    }
}

#[test]
fn a_subject_may_be_known_by_sha512() {
    let pen = Pen::p256();
    let subject = Digest::of(Algorithm::Sha512, b"an image");
    for (form, evidence) in pen.signatures(&subject) {
        let finding = judge().judge(&evidence, &pen.signer(), &Demand::signature());
        assert_eq!(finding.outcome, Outcome::Accepted, "{form}");
    }
}
