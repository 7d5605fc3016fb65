//! Signatures with a certificate of a private authority.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SigningKey as _, date_time_ymd,
};
use serde_json::json;
use transship_trust::{
    Authorities, Claim, Demand, Evidence, Finding, IN_TOTO, Judge, Outcome, Pattern, PkiSigner,
    Signer, Subject, SubjectKind,
};

use crate::make::{signature_of, subject};

/// Root, intermediate and leaf.
struct Pki {
    root: String,
    between: Vec<u8>,
    leaf: Vec<u8>,
    key: KeyPair,
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut who = DistinguishedName::new();
    who.push(DnType::CommonName, name);
    params.distinguished_name = who;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

impl Pki {
    fn new(usage: Option<ExtendedKeyUsagePurpose>) -> Self {
        let (root_key, between_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let root = authority("root").self_signed(&root_key).unwrap();
        let issuer = Issuer::new(authority("root"), root_key);
        let between = authority("between")
            .signed_by(&between_key, &issuer)
            .unwrap();
        let issuer = Issuer::new(authority("between"), between_key);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![
            SanType::Rfc822Name("signer@example.com".try_into().unwrap()),
            SanType::DnsName("*.build.example.com".try_into().unwrap()),
        ];
        params.extended_key_usages = usage.into_iter().collect();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        let leaf = params.signed_by(&key, &issuer).unwrap();
        Self {
            root: root.pem(),
            between: between.der().to_vec(),
            leaf: leaf.der().to_vec(),
            key,
        }
    }

    /// A v0.3 bundle with the chain in it, as `cosign --allow-certificate-chain` takes it.
    fn bundle(&self) -> serde_json::Value {
        let payload = signature_of(&subject()).to_string();
        let pae = format!(
            "DSSEv1 {} {IN_TOTO} {} {payload}",
            IN_TOTO.len(),
            payload.len()
        );
        let signature = self.key.sign(pae.as_bytes()).unwrap();
        let chain =
            [&self.leaf, &self.between].map(|der| json!({"rawBytes": STANDARD.encode(der)}));
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"x509CertificateChain": {"certificates": chain}},
            "dsseEnvelope": {
                "payloadType": IN_TOTO,
                "payload": STANDARD.encode(payload),
                "signatures": [{"sig": STANDARD.encode(signature)}],
            },
        })
    }

    fn found(&self, bundle: &serde_json::Value, subjects: Vec<Subject>, now: &str) -> Finding {
        let signer = Signer::Pki(PkiSigner {
            authorities: Arc::new(Authorities::from_pem(&self.root, None).unwrap()),
            subjects,
            root: None,
        });
        let evidence = Evidence::bundle(subject(), bundle.to_string().as_bytes());
        Judge::new(now.parse().unwrap()).judge(&evidence, &signer, &Demand::signature())
    }
}

fn named(kind: SubjectKind, value: &str) -> Subject {
    Subject {
        kind: Some(kind),
        value: Pattern::exact(value),
    }
}

const NOW: &str = "2026-11-24T00:00:00Z";

#[test]
fn a_chain_in_a_bundle_leads_to_the_root() {
    for usage in [None, Some(ExtendedKeyUsagePurpose::CodeSigning)] {
        let pki = Pki::new(usage);
        let subjects = vec![
            named(SubjectKind::Email, "signer@example.com"),
            named(SubjectKind::Host, "a.build.example.com"),
        ];
        let finding = pki.found(&pki.bundle(), subjects, NOW);
        assert_eq!(finding.outcome, Outcome::Accepted, "{finding:?}");
        assert!(finding.proof.certificate);
        assert_eq!(
            finding.proof.times,
            [NOW.parse::<jiff::Timestamp>().unwrap()]
        );
    }
}

#[test]
fn a_certificate_for_something_else_is_refused() {
    let pki = Pki::new(Some(ExtendedKeyUsagePurpose::ServerAuth));
    let finding = pki.found(&pki.bundle(), Vec::new(), NOW);
    assert_eq!(finding.outcome, Outcome::UntrustedSigner);
}

#[test]
fn all_names_must_be_borne() {
    let pki = Pki::new(None);
    let ask = |kind, value| pki.found(&pki.bundle(), vec![named(kind, value)], NOW);
    for (kind, value) in [
        (SubjectKind::Email, "other@example.com"),
        (SubjectKind::Host, "build.example.com"),
        (SubjectKind::Host, "a.b.build.example.com"),
        (SubjectKind::Uri, "signer@example.com"),
    ] {
        let finding = ask(kind, value);
        assert_eq!(
            (finding.outcome, finding.claim),
            (Outcome::UntrustedSigner, Claim::Another),
            "{value}"
        );
    }
    assert_eq!(
        ask(SubjectKind::Email, "other@example.com").detail,
        "it is by signer@example.com, *.build.example.com; other@example.com is asked for"
    );
}

#[test]
fn another_root_does_not_do() {
    let (ours, theirs) = (Pki::new(None), Pki::new(None));
    let finding = ours.found(&theirs.bundle(), Vec::new(), NOW);
    assert_eq!(
        (finding.outcome, finding.claim),
        (Outcome::UntrustedSigner, Claim::Another)
    );
    assert_eq!(
        finding.detail,
        "no authority that is trusted has issued the certificate"
    );
}

#[test]
fn a_missing_intermediate_is_missed() {
    let pki = Pki::new(None);
    let mut bundle = pki.bundle();
    let chain =
        bundle["verificationMaterial"]["x509CertificateChain"]["certificates"].as_array_mut();
    chain.unwrap().truncate(1);
    assert_eq!(
        pki.found(&bundle, Vec::new(), NOW).outcome,
        Outcome::UntrustedSigner
    );
}

#[test]
fn without_a_time_stamp_it_must_be_valid_now() {
    let pki = Pki::new(None);
    let finding = pki.found(&pki.bundle(), Vec::new(), "2027-06-01T00:00:00Z");
    assert_eq!(
        (finding.outcome, finding.claim),
        (Outcome::Expired, Claim::Asked)
    );
    assert_eq!(
        finding.detail,
        "the certificate had expired at 2027-06-01T00:00:00Z"
    );
    assert!(!finding.is_alarm());
}

#[test]
fn a_changed_signature_is_an_alarm() {
    let pki = Pki::new(None);
    let mut bundle = pki.bundle();
    let signature = pki.key.sign(b"something else").unwrap();
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(signature));
    let finding = pki.found(&bundle, Vec::new(), NOW);
    assert_eq!(finding.outcome, Outcome::BadSignature);
    assert!(finding.is_alarm());
}

#[test]
fn the_same_certificate_signs_in_the_first_form_too() {
    let pki = Pki::new(None);
    let payload = json!({"critical": {
        "identity": {"docker-reference": "registry.example/app"},
        "image": {"docker-manifest-digest": subject()},
        "type": "cosign container image signature",
    }, "optional": null})
    .to_string();
    let signature = pki.key.sign(payload.as_bytes()).unwrap();
    let pem = |der: &[u8]| {
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(der)
        )
    };
    let annotations: BTreeMap<String, String> = [
        (
            "dev.cosignproject.cosign/signature",
            STANDARD.encode(signature),
        ),
        ("dev.sigstore.cosign/certificate", pem(&pki.leaf)),
        ("dev.sigstore.cosign/chain", pem(&pki.between)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let evidence = Evidence::simple(subject(), payload.into(), &annotations);
    let signer = Signer::Pki(PkiSigner {
        authorities: Arc::new(Authorities::from_pem(&pki.root, None).unwrap()),
        subjects: vec![named(SubjectKind::Email, "signer@example.com")],
        root: None,
    });
    let judge = Judge::new(NOW.parse().unwrap());
    let finding = judge.judge(&evidence, &signer, &Demand::signature());
    assert_eq!(finding.outcome, Outcome::Accepted, "{finding:?}");
    assert_eq!(finding.signed_name.as_deref(), Some("registry.example/app"));
}
