//! The cases that containers/image tests its own policy engine with: images with signatures beside them, and what each
//! requirement must say of them.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use transship_oci::{Digest, RawManifest, Reference, media_type};
use transship_trust::{
    Authorities, Claim, Class, Demand, Evidence, Finding, Identity, Judge, Key, KeySigner,
    KeylessSigner, NameRule, Outcome, Pattern, PkiSigner, SignatureDemand, Signer, Subject,
    SubjectKind, Tlog, TrustRoot, conclude,
};

use crate::vectors::{folder, read, text};

#[derive(Deserialize)]
struct Verdicts {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    image: String,
    image_ref: String,
    requirement: Value,
    expect: String,
    remove_annotation: Option<String>,
    replace_annotation: Option<(String, String)>,
    replace_annotation_from: Option<(String, String)>,
}

/// `matchRepository`, `matchExact` and `exactReference`, as far as these cases need them.
#[derive(Debug)]
struct Named {
    rule: String,
    image: Reference,
    exact: Option<String>,
}

impl NameRule for Named {
    fn accepts(&self, signed: &str) -> Result<(), String> {
        let signed: Reference = signed.parse().map_err(|error| format!("{error}"))?;
        let good = match self.rule.as_str() {
            "matchRepository" => signed.repository == self.image.repository,
            "matchExact" => signed.tag.is_some() && signed == self.image,
            "exactReference" => Some(signed.to_string()) == self.exact,
            rule => panic!("no rule {rule}"),
        };
        good.then_some(())
            .ok_or_else(|| format!("{signed} is not what was asked for"))
    }
}

impl Case {
    fn findings(&self, folder: &Path) -> Result<Vec<Finding>, String> {
        let subject = self.subject(folder)?;
        let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
        let signer = self.signer(folder);
        let demand = Demand::Signature(SignatureDemand {
            name: Some(Arc::new(self.rule())),
            ..SignatureDemand::default()
        });
        let files = self.signatures(folder);
        Ok(files
            .iter()
            .filter_map(|file| Evidence::local(subject, file))
            .map(|evidence| judge.judge(&evidence, &signer, &demand))
            .collect())
    }

    /// The manifest's digest, if it has one that covers it.
    fn subject(&self, folder: &Path) -> Result<Digest, String> {
        let bytes = Bytes::from(read(folder, &format!("{}/manifest.json", self.image)));
        let fields: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let kind = fields["mediaType"]
            .as_str()
            .unwrap_or(media_type::OCI_MANIFEST);
        let manifest = RawManifest::named(kind, bytes).map_err(|error| error.to_string())?;
        manifest.children().map_err(|error| error.to_string())?;
        Ok(manifest.digest())
    }

    /// The signature files, changed as the case wants it.
    fn signatures(&self, folder: &Path) -> Vec<Vec<u8>> {
        (1..100)
            .map(|n| folder.join(format!("{}/signature-{n}", self.image)))
            .take_while(|path| path.is_file())
            .map(|path| self.changed(folder, std::fs::read(path).unwrap()))
            .collect()
    }

    fn changed(&self, folder: &Path, file: Vec<u8>) -> Vec<u8> {
        let Some(mut signature) = signature_of(&file) else {
            return file;
        };
        let annotations = signature["annotations"].as_object_mut().unwrap();
        if let Some(name) = &self.remove_annotation {
            assert!(annotations.remove(name).is_some(), "{}", self.id);
        }
        if let Some((name, value)) = &self.replace_annotation {
            annotations.insert(name.clone(), Value::from(value.as_str()));
        }
        if let Some((name, other)) = &self.replace_annotation_from {
            let other = signature_of(&read(folder, other)).unwrap();
            annotations.insert(name.clone(), other["annotations"][name].clone());
        }
        [
            b"\0sigstore-json\n".to_vec(),
            signature.to_string().into_bytes(),
        ]
        .concat()
    }

    fn rule(&self) -> Named {
        let identity = &self.requirement["signedIdentity"];
        Named {
            rule: identity["type"].as_str().unwrap().to_owned(),
            image: self.image_ref.parse().unwrap(),
            exact: identity["dockerReference"].as_str().map(str::to_owned),
        }
    }

    fn signer(&self, folder: &Path) -> Signer {
        let wanted = &self.requirement;
        let pem = |value: &Value| text(folder, value.as_str().unwrap());
        let logs = wanted["rekorPublicKeyPath"]
            .as_str()
            .map(|path| Key::from_pem(&text(folder, path)).unwrap());
        let tlog = if logs.is_some() {
            Tlog::Required
        } else {
            Tlog::Ignore
        };
        if let Some(fulcio) = wanted.get("fulcio") {
            let authorities = Authorities::from_pem(&pem(&fulcio["caPath"]), None).unwrap();
            let root = TrustRoot::from_parts(Some(&authorities), &logs.unwrap()).unwrap();
            return Signer::Keyless(KeylessSigner {
                identities: vec![Identity {
                    subject: email(&fulcio["subjectEmail"]),
                    issuer: Pattern::exact(fulcio["oidcIssuer"].as_str().unwrap()),
                    claims: BTreeMap::new(),
                }],
                tlog,
                sct: false,
                root: Some(Arc::new(root)),
            });
        }
        if let Some(pki) = wanted.get("pki") {
            let between = pem(&pki["caIntermediatesPath"]);
            let roots = pem(&pki["caRootsPath"]);
            return Signer::Pki(PkiSigner {
                authorities: Arc::new(Authorities::from_pem(&roots, Some(&between)).unwrap()),
                subjects: vec![
                    email(&pki["subjectEmail"]),
                    Subject {
                        kind: Some(SubjectKind::Host),
                        value: Pattern::exact(pki["subjectHostname"].as_str().unwrap()),
                    },
                ],
                root: None,
            });
        }
        let paths = wanted["keyPaths"].as_array().cloned().unwrap_or_default();
        let keys = paths.iter().flat_map(|path| match wanted["type"].as_str() {
            Some("sigstoreSigned") => Key::from_pem(&pem(path)).unwrap(),
            _ => Vec::new(),
        });
        Signer::Key(KeySigner {
            keys: keys.collect(),
            tlog,
            root: logs.map(|logs| Arc::new(TrustRoot::from_parts(None, &logs).unwrap())),
        })
    }
}

fn email(value: &Value) -> Subject {
    Subject {
        kind: Some(SubjectKind::Email),
        value: Pattern::exact(value.as_str().unwrap()),
    }
}

/// The JSON of a signature file; `None` for `OpenPGP`.
fn signature_of(file: &[u8]) -> Option<Value> {
    let json = file.strip_prefix(b"\0sigstore-json\n")?;
    Some(serde_json::from_slice(json).unwrap())
}

fn cases(folder: &Path) -> Vec<Case> {
    serde_json::from_slice::<Verdicts>(&read(folder, "verdicts.json"))
        .unwrap()
        .cases
}

/// For each case: class and outcome, or `None` where the manifest itself has no digest.
const VERDICTS: [(&str, Option<(Class, Outcome)>); 31] = [
    ("sig-key-valid", Some((Class::Good, Outcome::Accepted))),
    (
        "sig-key-second-of-list",
        Some((Class::Good, Outcome::Accepted)),
    ),
    ("sig-mixed", Some((Class::Good, Outcome::Accepted))),
    ("sig-unsigned", Some((Class::Missing, Outcome::None))),
    (
        "sig-other-attachment",
        Some((Class::Missing, Outcome::None)),
    ),
    (
        "sig-repo-mismatch",
        Some((Class::Bad, Outcome::PolicyRefuses)),
    ),
    (
        "sig-exactReference-mismatch",
        Some((Class::Bad, Outcome::PolicyRefuses)),
    ),
    (
        "sig-matchExact-cosign",
        Some((Class::Bad, Outcome::PolicyRefuses)),
    ),
    ("sig-tag-other", Some((Class::Bad, Outcome::PolicyRefuses))),
    (
        "sig-modified-manifest",
        Some((Class::Bad, Outcome::SubjectMismatch)),
    ),
    ("sig-manifest-digest-error", None),
    ("sig-key-rekor", Some((Class::Good, Outcome::Accepted))),
    (
        "sig-key-rekor-no-set",
        Some((Class::Bad, Outcome::NoLogEntry)),
    ),
    (
        "sig-key-rekor-bad-set",
        Some((Class::Bad, Outcome::LogEntry)),
    ),
    (
        "sig-key-rekor-transplanted-set",
        Some((Class::Bad, Outcome::LogEntry)),
    ),
    ("sig-fulcio", Some((Class::Good, Outcome::Accepted))),
    (
        "sig-fulcio-no-cert",
        Some((Class::Bad, Outcome::UntrustedSigner)),
    ),
    (
        "sig-fulcio-no-chain",
        Some((Class::Bad, Outcome::UntrustedSigner)),
    ),
    (
        "sig-fulcio-wrong-email",
        Some((Class::Bad, Outcome::UntrustedSigner)),
    ),
    (
        "sig-fulcio-wrong-log",
        Some((Class::CannotCheck, Outcome::TrustRoot)),
    ),
    (
        "sig-pki-no-cert",
        Some((Class::Bad, Outcome::UntrustedSigner)),
    ),
    (
        "sig-pki-no-chain-with-intermediates",
        Some((Class::Good, Outcome::Accepted)),
    ),
    (
        "sig-empty-annotations",
        Some((Class::Bad, Outcome::BadSignature)),
    ),
    (
        "sig-garbage-signature",
        Some((Class::Bad, Outcome::BadSignature)),
    ),
    (
        "gpg-keyPaths",
        Some((Class::CannotCheck, Outcome::UnsupportedFormat)),
    ),
    ("gpg-unsigned", Some((Class::Missing, Outcome::None))),
    (
        "gpg-two",
        Some((Class::CannotCheck, Outcome::UnsupportedFormat)),
    ),
    (
        "gpg-mixed",
        Some((Class::CannotCheck, Outcome::UnsupportedFormat)),
    ),
    (
        "gpg-subkey",
        Some((Class::CannotCheck, Outcome::UnsupportedFormat)),
    ),
    (
        "gpg-modified-manifest",
        Some((Class::CannotCheck, Outcome::UnsupportedFormat)),
    ),
    ("gpg-manifest-digest-error", None),
];

#[test]
fn every_image_case_has_its_verdict() {
    let Some(folder) = folder("containers-image-fixtures") else {
        return;
    };
    let mut found = Vec::new();
    for case in &cases(&folder) {
        let verdict = case
            .findings(&folder)
            .ok()
            .map(|findings| conclude(&findings));
        let class = verdict.map(|(class, _)| class);
        // What OpenPGP signatures are worth is not for this version to say; it must not guess either.
        let is_openpgp = case.requirement["type"] == "signedBy";
        let agrees = match case.expect.as_str() {
            "accept" if is_openpgp => class == Some(Class::CannotCheck),
            "accept" => class == Some(Class::Good),
            "reject" => class.is_some_and(|class| class != Class::Good),
            _ => class.is_none(),
        };
        assert!(
            agrees,
            "{}: {verdict:?}: {:?}",
            case.id,
            case.findings(&folder)
        );
        found.push((case.id.clone(), verdict));
    }
    let found: Vec<_> = found
        .iter()
        .map(|(id, verdict)| (id.as_str(), *verdict))
        .collect();
    assert_eq!(found, VERDICTS);
}

/// A changed payload whose log entry names our key is our signature, tampered with; without the entry it is anybody's.
#[test]
fn a_log_entry_tells_whose_a_changed_signature_was() {
    let Some(folder) = folder("containers-image-fixtures") else {
        return;
    };
    let fixtures = "signature/fixtures";
    let file = read(
        &folder,
        &format!("{fixtures}/dir-img-cosign-key-rekor-valid/signature-1"),
    );
    let mut signature = signature_of(&file).unwrap();
    let payload = signature["payload"].as_str().unwrap();
    signature["payload"] = Value::from(payload.replacen("eyJ", "IHs", 1));
    let judged = |signature: &Value, key: &str| {
        let key = text(&folder, &format!("{fixtures}/{key}"));
        let signer = Signer::Key(KeySigner {
            keys: Key::from_pem(&key).unwrap(),
            tlog: Tlog::Ignore,
            root: None,
        });
        let file = [
            b"\0sigstore-json\n".to_vec(),
            signature.to_string().into_bytes(),
        ]
        .concat();
        let evidence = Evidence::local(Digest::sha256(b"x"), &file).unwrap();
        let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
        let finding = judge.judge(&evidence, &signer, &Demand::signature());
        (finding.outcome, finding.claim)
    };
    assert_eq!(
        judged(&signature, "cosign2.pub"),
        (Outcome::BadSignature, Claim::Asked)
    );
    assert_eq!(
        judged(&signature, "cosign.pub"),
        (Outcome::UntrustedSigner, Claim::Another)
    );
    let annotations = signature["annotations"].as_object_mut().unwrap();
    annotations.remove("dev.sigstore.cosign/bundle").unwrap();
    assert_eq!(
        judged(&signature, "cosign2.pub"),
        (Outcome::BadSignature, Claim::Unknown)
    );
}
