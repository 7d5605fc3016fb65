//! `policy.json` as a policy of our own.

use std::collections::BTreeMap;

use transship_oci::Result;

use super::{
    super::{
        Level, Match, OpenPgpFile, PolicyFile, RemapFile, RuleFile, Scope, SignedByFile,
        SignedNameFile, SignerFile, Unsigned, Words,
    },
    Requirement, SignedBy, SignedIdentity,
    parse::File,
    resolve::signer_of,
};

/// A policy of our own, and what became of what it cannot say.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The policy. It is never weaker than what it was made of.
    pub policy: PolicyFile,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl File {
    /// The same in the words of our own policies, for images at registries.
    ///
    /// # Errors
    /// `Invalid` when inline data is not what it should be.
    pub fn import(&self) -> Result<Imported> {
        self.import_knowing(&BTreeMap::new())
    }

    /// As [`File::import`], whose signers get names that say little; here one that is `known` keeps its name.
    ///
    /// # Errors
    /// As [`File::import`].
    pub fn import_knowing(&self, known: &BTreeMap<String, SignerFile>) -> Result<Imported> {
        let mut import = Import {
            known,
            signers: BTreeMap::new(),
            notes: Vec::new(),
        };
        let mut rules = Vec::new();
        let mut default = import.rule("default", &self.default)?;
        for (transport, scopes) in &self.transports {
            if transport != "docker" {
                import.notes.push(format!(
                    "transport {transport:?} is left out: policies here are about registries"
                ));
                continue;
            }
            for (scope, list) in scopes {
                if scope.is_empty() {
                    default = import.rule("docker \"\"", list)?;
                    import.notes.push(
                        "the entry for all of the transport docker became the default".to_owned(),
                    );
                    continue;
                }
                if scope.parse::<Scope>().is_err() {
                    import.notes.push(format!(
                        "scope {scope:?} is left out: no reference is in it"
                    ));
                    continue;
                }
                if scope.contains('@') {
                    import.notes.push(format!(
                        "{scope}: here it holds for that digest however it is asked for, there by digest only"
                    ));
                }
                let mut rule = import.rule(scope, list)?;
                rule.scope = Some(Words::One(scope.clone()));
                rules.push(rule);
            }
        }
        let policy = PolicyFile {
            version: 1,
            trust_root: None,
            max_trust_root_age_days: None,
            signers: import.signers,
            default,
            rules,
            denied: Vec::new(),
        };
        Ok(Imported {
            policy,
            notes: import.notes,
        })
    }
}

struct Import<'a> {
    /// Those who have names already.
    known: &'a BTreeMap<String, SignerFile>,
    signers: BTreeMap<String, SignerFile>,
    notes: Vec<String>,
}

impl Import<'_> {
    fn rule(&mut self, at: &str, list: &[Requirement]) -> Result<RuleFile> {
        let mut signers = Vec::new();
        let mut names = Vec::new();
        for requirement in list {
            match requirement {
                Requirement::InsecureAcceptAnything {} => {}
                Requirement::Reject {} => return Ok(refuse("policy.json rejects it")),
                Requirement::SignedBaseLayer(_) => {
                    self.notes.push(format!(
                        "{at}: signedBaseLayer never holds, so nothing passes"
                    ));
                    return Ok(refuse("signedBaseLayer never holds"));
                }
                Requirement::SignedBy(signed) => {
                    names.push(signed_name(signed.signed_identity.as_ref()));
                    signers.push(self.signer("openpgp", openpgp(signed)));
                    self.notes.push(format!(
                        "{at}: OpenPGP signatures cannot be judged by this version, so nothing passes"
                    ));
                }
                Requirement::SigstoreSigned(wanted) => {
                    names.push(signed_name(wanted.signed_identity.as_ref()));
                    let signer = signer_of(wanted)?;
                    let kind = match (&signer.keyless, &signer.pki) {
                        (Some(_), _) => "keyless",
                        (_, Some(_)) => "pki",
                        _ => "key",
                    };
                    signers.push(self.signer(kind, signer));
                }
            }
        }
        names.dedup();
        let name = match names.as_slice() {
            [] => return Ok(unsigned()),
            [name] => name.clone(),
            _ => {
                self.notes.push(format!(
                    "{at}: its requirements have different signedIdentity, which cannot be said here, so nothing passes"
                ));
                return Ok(refuse("its requirements have different signedIdentity"));
            }
        };
        Ok(RuleFile {
            signed_by: Some(match signers.as_slice() {
                [one] => SignedByFile::One(one.clone()),
                _ => SignedByFile::all_of(signers),
            }),
            at: Some(Level::EveryChild),
            signed_name: Some(name),
            ..RuleFile::default()
        })
    }

    /// The name of a signer; equal ones have one.
    fn signer(&mut self, kind: &str, signer: SignerFile) -> String {
        let mut all = self.signers.iter().chain(self.known);
        let name = match all.find(|(_, known)| **known == signer) {
            Some((name, _)) => name.clone(),
            None => self.free_name(kind),
        };
        self.signers.insert(name.clone(), signer);
        name
    }

    fn free_name(&self, kind: &str) -> String {
        let taken =
            |name: &String| self.signers.contains_key(name) || self.known.contains_key(name);
        let mut number = self.signers.len() + 1;
        loop {
            let name = format!("{kind}-{number}");
            if !taken(&name) {
                return name;
            }
            number += 1;
        }
    }
}

fn refuse(why: &str) -> RuleFile {
    RuleFile {
        refuse: Some(why.to_owned()),
        ..RuleFile::default()
    }
}

fn unsigned() -> RuleFile {
    RuleFile {
        unsigned: Some(Unsigned::Allow),
        reason: Some("policy.json says insecureAcceptAnything".to_owned()),
        ..RuleFile::default()
    }
}

fn openpgp(signed: &SignedBy) -> SignerFile {
    let paths: Vec<String> = signed.keys().files().cloned().collect();
    SignerFile {
        openpgp: Some(OpenPgpFile {
            keyring: (!paths.is_empty()).then_some(Words::Many(paths)),
        }),
        ..SignerFile::default()
    }
}

/// The rule about the signed name in our own words.
pub(super) fn signed_name(identity: Option<&SignedIdentity>) -> SignedNameFile {
    let matching = |how| SignedNameFile {
        r#match: Some(how),
        ..SignedNameFile::default()
    };
    match identity {
        None | Some(SignedIdentity::MatchRepoDigestOrExact {}) => matching(Match::DigestOrExact),
        Some(SignedIdentity::MatchExact {}) => matching(Match::Exact),
        Some(SignedIdentity::MatchRepository {}) => matching(Match::Repository),
        Some(SignedIdentity::ExactReference { docker_reference }) => SignedNameFile {
            reference: Some(docker_reference.clone()),
            ..SignedNameFile::default()
        },
        Some(SignedIdentity::ExactRepository { docker_repository }) => SignedNameFile {
            repository: Some(docker_repository.clone()),
            ..SignedNameFile::default()
        },
        Some(SignedIdentity::RemapIdentity {
            prefix,
            signed_prefix,
        }) => SignedNameFile {
            remap: Some(RemapFile {
                prefix: prefix.clone(),
                signed_prefix: signed_prefix.clone(),
            }),
            ..matching(Match::DigestOrExact)
        },
    }
}
