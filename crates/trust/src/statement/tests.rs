use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use transship_oci::{Digest, ErrorKind};

use super::{Moved, Program, RUN, RunRecord};
use crate::{Judge, KeySigner, Outcome, Signer, Tlog, sign::PrivateKey};

fn moved(name: &str) -> Moved {
    let digest = Digest::sha256(name.as_bytes());
    Moved {
        source: format!("vendor.example/{name}:1"),
        source_digest: digest,
        digest,
        targets: [
            format!("mirror.example/{name}:1"),
            format!("mirror.example/{name}:latest"),
        ]
        .into(),
        referrers: [Digest::sha256(b"signature")].into(),
        verdict: None,
    }
}

fn record(names: &[&str]) -> RunRecord {
    RunRecord {
        program: Program {
            name: "transship".to_owned(),
            version: "0.1.0".to_owned(),
        },
        policy: Some(Digest::sha256(b"policy")),
        trust_roots: BTreeSet::new(),
        artifacts: names.iter().map(|name| moved(name)).collect(),
    }
}

fn judge() -> Judge {
    Judge::new("2026-11-24T00:00:00Z".parse().unwrap())
}

fn signer(key: &PrivateKey) -> Signer {
    Signer::Key(KeySigner {
        keys: vec![key.public().clone()],
        tlog: Tlog::Optional,
        root: None,
    })
}

#[test]
fn the_same_run_gives_the_same_bytes_in_whatever_order() {
    let key = PrivateKey::generate().unwrap();
    let bundle = record(&["a", "b", "c"]).sign(&key).unwrap();
    assert_eq!(record(&["c", "a", "b", "a"]).sign(&key).unwrap(), bundle);
    assert_ne!(record(&["a", "b"]).sign(&key).unwrap(), bundle);
}

#[test]
fn it_names_what_was_moved_by_digest_and_by_its_first_name() {
    let statement = record(&["a"]).statement().unwrap();
    let digest = Digest::sha256(b"a");
    assert_eq!(
        serde_json::to_value(&statement).unwrap(),
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "mirror.example/a:1", "digest": {"sha256": digest.hex()}}],
            "predicateType": RUN,
            "predicate": {
                "program": {"name": "transship", "version": "0.1.0"},
                "policy": Digest::sha256(b"policy"),
                "artifacts": [{
                    "source": "vendor.example/a:1",
                    "sourceDigest": digest,
                    "digest": digest,
                    "targets": ["mirror.example/a:1", "mirror.example/a:latest"],
                    "referrers": [Digest::sha256(b"signature")],
                }],
            },
        })
    );
    let error = record(&[]).statement().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn only_what_its_signer_signed_is_read() {
    let key = PrivateKey::generate().unwrap();
    let mine = record(&["a", "b"]);
    let bundle = mine.sign(&key).unwrap();
    let (finding, read) = RunRecord::verify(&bundle, &signer(&key), &judge()).unwrap();
    assert_eq!((finding.outcome, read), (Outcome::Accepted, Some(mine)));

    let other = PrivateKey::generate().unwrap();
    let (finding, read) = RunRecord::verify(&bundle, &signer(&other), &judge()).unwrap();
    assert_eq!((finding.outcome, read), (Outcome::UntrustedSigner, None));

    let mut json: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    let payload = serde_json::to_vec(&record(&["x"]).statement().unwrap()).unwrap();
    json["dsseEnvelope"]["payload"] = json!(STANDARD.encode(payload));
    let changed = json.to_string();
    let (finding, read) = RunRecord::verify(changed.as_bytes(), &signer(&key), &judge()).unwrap();
    assert_eq!((finding.outcome, read), (Outcome::BadSignature, None));

    for damaged in [&b""[..], b"{}", &bundle[..100]] {
        let (finding, read) = RunRecord::verify(damaged, &signer(&key), &judge()).unwrap();
        assert_eq!((finding.outcome, read), (Outcome::BadSignature, None));
    }
}

#[test]
fn what_is_signed_and_no_record_is_none() {
    let key = PrivateKey::generate().unwrap();
    let mut statement = record(&["a"]).statement().unwrap();
    statement.predicate["more"] = json!(1);
    let bundle = crate::sign::bundle(&key, &statement).unwrap();
    let error = RunRecord::verify(&bundle, &signer(&key), &judge()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    statement.predicate_type = "https://example.com/other".to_owned();
    let bundle = crate::sign::bundle(&key, &statement).unwrap();
    let (finding, read) = RunRecord::verify(&bundle, &signer(&key), &judge()).unwrap();
    assert_eq!((finding.outcome, read), (Outcome::WrongPredicateType, None));
}
