use serde_json::{Value, json};
use transship_oci::Descriptor;

use super::{Attestation, attest, attest_legacy};
use crate::{
    Demand, Evidence, Judge, KeySigner, Outcome, Signer, Tlog, predicate_type, sign::PrivateKey,
};

fn subject() -> Descriptor {
    Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"{}")
}

fn said<'a>(subject: &'a Descriptor, kind: &'a str) -> Attestation<'a> {
    Attestation {
        subject,
        predicate_type: kind,
        predicate: json!({"z": 1, "a": [null]}),
    }
}

#[test]
fn both_forms_say_the_same_and_are_accepted() {
    let key = PrivateKey::generate().unwrap();
    let subject = subject();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let bundle = attest(&key, said(&subject, "spdxjson"), now).unwrap();
    let name = "reg.example/app".parse().unwrap();
    let legacy = attest_legacy(&key, said(&subject, "spdxjson"), &name, None).unwrap();
    let tag = legacy.tag.as_ref().unwrap().to_string();
    assert_eq!(tag, format!("sha256-{}.att", subject.digest.hex()));
    let fields: Value = serde_json::from_slice(legacy.manifest.bytes()).unwrap();
    assert_eq!(
        fields["layers"][0]["annotations"],
        json!({"dev.cosignproject.cosign/signature": "", "predicateType": "https://spdx.dev/Document"})
    );
    let signer = Signer::Key(KeySigner {
        keys: vec![key.public().clone()],
        tlog: Tlog::Ignore,
        root: None,
    });
    let evidence = [
        Evidence::bundle(subject.digest, &bundle.blobs[1].1),
        Evidence::envelope(
            subject.digest,
            &legacy.blobs[1].1,
            &std::collections::BTreeMap::new(),
        ),
    ];
    for one in &evidence {
        let statement = one.statement().unwrap();
        assert_eq!(statement.predicate, json!({"z": 1, "a": [null]}));
        let demand = Demand::attestation(predicate_type("spdxjson"));
        let judge = Judge::new(now);
        assert_eq!(
            judge.judge(one, &signer, &demand).outcome,
            Outcome::Accepted
        );
        let signature = judge.judge(one, &signer, &Demand::signature());
        assert_eq!(signature.outcome, Outcome::WrongPredicateType);
    }
}

#[test]
fn what_is_no_attestation_is_refused() {
    let key = PrivateKey::generate().unwrap();
    let subject = subject();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    for (kind, why) in [
        ("sbom", "\"sbom\" is no predicate type"),
        (
            "https://sigstore.dev/cosign/sign/v1",
            "a signature is no attestation",
        ),
    ] {
        let error = attest(&key, said(&subject, kind), now).unwrap_err();
        assert_eq!(error.message(), why);
    }
}
