//! A `policy.json`, ready to be applied.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use transship_oci::{Digest, Reference, Result};

use super::{
    super::{
        Clause, IdentityFile, KeylessFile, Level, Materials, NameSpec, PkiFile, Rule, Rules,
        SignerFile, Signers, Stance, Validity, What, Words,
        assess::asked,
        resolve::{Roots, signed_name, signer},
    },
    Fulcio, Matched, Pki, Requirement, SignedIdentity, SigstoreSigned, import,
    key_source::KeySource,
    lookup::matched,
    parse::{File, invalid},
};
use crate::{Judge, Tlog};

/// A `policy.json`, with all that it names.
#[derive(Debug, Clone)]
pub struct Policy {
    digest: Digest,
    default: Rule,
    /// By scope of the transport `docker`.
    scopes: BTreeMap<String, Rule>,
}

impl Policy {
    /// Reads a `policy.json` and everything that it names for images at registries; `origin` is the file's name, for people.
    ///
    /// # Errors
    /// As [`File::parse`]; as the materials say for what they cannot give.
    pub fn read(json: &[u8], origin: &str, materials: &dyn Materials) -> Result<Self> {
        let read = || {
            let file = File::parse(json)?;
            let mut roots = Roots::new(materials);
            let mut scopes = BTreeMap::new();
            for (scope, list) in file.transports.get("docker").into_iter().flatten() {
                let name = format!("docker {scope:?}");
                scopes.insert(scope.clone(), rule(&name, list, &mut roots)?);
            }
            Ok(Self {
                digest: Digest::sha256(json),
                default: rule("default", &file.default, &mut roots)?,
                scopes,
            })
        };
        read().map_err(|error: transship_oci::Error| error.at(origin))
    }
}

impl Rules for Policy {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn rule(&self, reference: Option<&Reference>, _: &Digest) -> Result<&Rule> {
        let Some(reference) = reference else {
            return Ok(&self.default);
        };
        let name = asked(reference).to_string();
        Ok(match matched(&self.scopes, "docker", &name)? {
            Matched::Scope(scope) => self.scopes.get(scope).unwrap_or(&self.default),
            Matched::Default => &self.default,
        })
    }

    fn denied(&self, _: &Digest) -> Option<&str> {
        None
    }

    fn denies_any(&self) -> bool {
        false
    }

    fn judge(&self, judge: Judge) -> Judge {
        judge
    }
}

/// All requirements of a list must hold.
fn rule(name: &str, list: &[Requirement], roots: &mut Roots<'_>) -> Result<Rule> {
    let mut clauses = Vec::new();
    let mut rejected = false;
    for (n, requirement) in list.iter().enumerate() {
        match requirement {
            Requirement::InsecureAcceptAnything {} => {}
            Requirement::Reject {} => rejected = true,
            Requirement::SignedBy(_) => clauses.push(unsupported(
                "signedBy",
                "OpenPGP signatures are not supported by this version",
            )),
            Requirement::SignedBaseLayer(_) => clauses.push(unsupported(
                "signedBaseLayer",
                "signedBaseLayer is implemented by nobody and never holds",
            )),
            Requirement::SigstoreSigned(signed) => {
                let called = format!("requirement {}", n + 1);
                let clause = clause(&called, signed, roots)
                    .map_err(|error| error.op(format!("{name}: {called}")))?;
                clauses.push(clause);
            }
        }
    }
    let stance = if rejected {
        Stance::Refuse("the policy rejects it".to_owned())
    } else if clauses.is_empty() {
        Stance::Unsigned("insecureAcceptAnything".to_owned())
    } else {
        Stance::Demands(clauses)
    };
    Ok(Rule {
        name: name.to_owned(),
        stance,
        validity: Validity::default(),
    })
}

fn unsupported(name: &str, why: &str) -> Clause {
    Clause {
        what: What::signature(),
        by: Signers::Unsupported {
            name: name.to_owned(),
            why: why.to_owned(),
        },
        at: Level::EveryChild,
    }
}

fn clause(name: &str, signed: &SigstoreSigned, roots: &mut Roots<'_>) -> Result<Clause> {
    Ok(Clause {
        what: What::Signature {
            annotations: BTreeMap::new(),
            name: Some(name_of(signed.signed_identity.as_ref())?),
        },
        by: signer::read(name, &signer_of(signed)?, roots)?,
        // containers/image judges each instance that it copies, and never the index.
        at: Level::EveryChild,
    })
}

/// The rule about the signed name.
pub(super) fn name_of(identity: Option<&SignedIdentity>) -> Result<NameSpec> {
    signed_name::read(&import::signed_name(identity))
}

/// The signer in the words of our own policies.
pub(super) fn signer_of(signed: &SigstoreSigned) -> Result<SignerFile> {
    let logs = words(signed.log_keys())?;
    if let Some(pki) = &signed.pki {
        return Ok(SignerFile {
            pki: Some(pki_of(pki)?),
            ..SignerFile::default()
        });
    }
    let tlog = if logs.is_some() {
        Tlog::Required
    } else {
        Tlog::Ignore
    };
    let key = words(signed.keys())?;
    Ok(SignerFile {
        key,
        keyless: signed.fulcio.as_ref().map(keyless_of).transpose()?,
        tlog: Some(tlog),
        log_keys: logs,
        ..SignerFile::default()
    })
}

fn keyless_of(fulcio: &Fulcio) -> Result<KeylessFile> {
    Ok(KeylessFile {
        identities: vec![IdentityFile {
            email: Some(fulcio.subject_email.clone()),
            issuer: Some(fulcio.oidc_issuer.clone()),
            ..IdentityFile::default()
        }],
        sct: Some(false),
        authorities: one(fulcio.ca_path.as_ref(), fulcio.ca_data.as_ref())?,
    })
}

fn pki_of(pki: &Pki) -> Result<PkiFile> {
    Ok(PkiFile {
        roots: one(pki.roots_path.as_ref(), pki.roots_data.as_ref())?.unwrap_or_default(),
        intermediates: one(
            pki.intermediates_path.as_ref(),
            pki.intermediates_data.as_ref(),
        )?,
        emails: listed(pki.subject_email.as_ref()),
        hosts: listed(pki.subject_hostname.as_ref()),
        uris: Vec::new(),
    })
}

fn listed(text: Option<&String>) -> Vec<String> {
    let says = text.filter(|text| !text.is_empty());
    says.into_iter().cloned().collect()
}

fn words(keys: KeySource<'_>) -> Result<Option<Words>> {
    let mut all: Vec<String> = keys.files().cloned().collect();
    for data in keys.inline() {
        all.push(pem(data)?);
    }
    Ok(match all.len() {
        0 => None,
        1 => all.pop().map(Words::One),
        _ => Some(Words::Many(all)),
    })
}

fn one(path: Option<&String>, data: Option<&String>) -> Result<Option<String>> {
    match (path, data) {
        (Some(path), _) => Ok(Some(path.clone())),
        (None, Some(data)) => pem(data).map(Some),
        (None, None) => Ok(None),
    }
}

/// Data is PEM in base64.
fn pem(data: &str) -> Result<String> {
    let bytes = STANDARD.decode(data).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| text.contains("-----BEGIN"))
        .ok_or_else(|| invalid("data is not PEM in base64"))
}
