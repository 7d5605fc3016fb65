//! From the policy file to the policy: names are looked up, keys and trust roots are read, and what contradicts itself is refused.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use transship_oci::{Digest, Error, ErrorKind, Result};

use super::{
    Clause, Level, Materials, Policy, PolicyFile, Rule, RuleFile, Scope, SignedByFile, Signers,
    Stance, Validity, What, materials, model::AttestationFile,
};
use crate::{AttestationDemand, SIGN, TrustRoot, nearest, predicate};

mod condition;
pub(super) mod signed_name;
pub(super) mod signer;

/// How deep `any-of` and `all-of` may be nested.
const MAX_NESTING: usize = 16;

impl Policy {
    /// Reads a policy and everything that it names; `origin` is the file's name, for people.
    ///
    /// # Errors
    /// `Invalid` for what is no policy or contradicts itself; as the materials say for what they cannot give.
    pub fn read(text: &str, origin: &str, materials: &dyn Materials) -> Result<Self> {
        let file = PolicyFile::parse(text, origin)?;
        let digest = Digest::sha256(text.as_bytes());
        Self::resolve(&file, digest, materials).map_err(|error| error.at(origin))
    }

    /// A policy from its file, and the digest by which statements name it.
    ///
    /// # Errors
    /// As [`Policy::read`].
    pub fn resolve(file: &PolicyFile, digest: Digest, materials: &dyn Materials) -> Result<Self> {
        let mut roots = Roots::new(materials);
        let root = file.trust_root.as_deref();
        let root = root.map(|named| roots.get(named)).transpose()?;
        let mut signers = BTreeMap::new();
        for (name, signer) in &file.signers {
            let read = signer::read(name, signer, &mut roots)
                .map_err(|error| error.op(format!("signer {name:?}")))?;
            signers.insert(name.clone(), read);
        }
        let reader = Reader { signers };
        if file.default.scope.is_some() {
            return Err(invalid(
                "the default has a scope; it holds wherever no rule does",
            ));
        }
        let mut policy = Self {
            digest,
            root,
            max_root_age: file
                .max_trust_root_age_days
                .map(|days| SignedDuration::from_hours(i64::from(days) * 24)),
            default: reader.rule("default", &file.default)?,
            rules: Vec::new(),
            denied: BTreeMap::new(),
        };
        for rule in &file.rules {
            reader.add(rule, &mut policy.rules)?;
        }
        for denied in &file.denied {
            if denied.reason.trim().is_empty() {
                return Err(invalid(format!(
                    "{} is denied without a reason",
                    denied.digest
                )));
            }
            policy.denied.insert(denied.digest, denied.reason.clone());
        }
        Ok(policy)
    }
}

/// Trust roots, each read once.
pub(super) struct Roots<'a> {
    materials: &'a dyn Materials,
    read: BTreeMap<String, Arc<TrustRoot>>,
}

impl<'a> Roots<'a> {
    pub(super) fn new(materials: &'a dyn Materials) -> Self {
        Self {
            materials,
            read: BTreeMap::new(),
        }
    }

    fn get(&mut self, named: &str) -> Result<Arc<TrustRoot>> {
        if let Some(root) = self.read.get(named) {
            return Ok(root.clone());
        }
        let root = match named {
            "sigstore:public-good" => TrustRoot::public_good()?,
            "sigstore:staging" => TrustRoot::staging()?,
            file => {
                TrustRoot::from_json(&self.materials.file(file)?).map_err(|error| error.at(file))?
            }
        };
        let root = Arc::new(root);
        self.read.insert(named.to_owned(), root.clone());
        Ok(root)
    }
}

/// Reads rules in the light of the signers that there are.
struct Reader {
    signers: BTreeMap<String, Signers>,
}

impl Reader {
    /// One rule as often as it has scopes.
    fn add(&self, file: &RuleFile, rules: &mut Vec<(Scope, Rule)>) -> Result<()> {
        let Some(scopes) = &file.scope else {
            return Err(invalid(
                "a rule has no scope; what holds everywhere is the default",
            ));
        };
        for written in scopes.as_slice() {
            let scope: Scope = written.parse()?;
            if rules.iter().any(|(known, _)| *known == scope) {
                return Err(invalid(format!(
                    "there are two rules for the scope {written:?}"
                )));
            }
            rules.push((scope, self.rule(written, file)?));
        }
        Ok(())
    }

    fn rule(&self, name: &str, file: &RuleFile) -> Result<Rule> {
        let stance = self
            .stance(file)
            .map_err(|error| error.op(format!("rule {name:?}")))?;
        if let (Some(from), Some(until)) = (file.valid_from, file.valid_until)
            && until < from
        {
            return Err(invalid(format!("rule {name:?} ends before it begins")));
        }
        Ok(Rule {
            name: name.to_owned(),
            stance,
            validity: Validity {
                from: file.valid_from,
                until: file.valid_until,
            },
        })
    }

    fn stance(&self, file: &RuleFile) -> Result<Stance> {
        let demands = file.signed_by.is_some() || !file.attestations.is_empty();
        let said = [file.refuse.is_some(), file.unsigned.is_some(), demands];
        match said.iter().filter(|said| **said).count() {
            1 => {}
            0 => {
                return Err(invalid("it says nothing").hinting(
                    "write signed-by, attestations, refuse, or `unsigned: allow` with a reason",
                ));
            }
            _ => {
                return Err(invalid(
                    "it refuses, allows what is unsigned, and demands signatures: only one can hold",
                ));
            }
        }
        if !demands {
            only_with_demands(file)?;
        }
        match (&file.refuse, file.unsigned) {
            (Some(why), _) => Ok(Stance::Refuse(why.clone())),
            (None, Some(_)) => match file.reason.as_deref().map(str::trim) {
                Some(reason) if !reason.is_empty() => Ok(Stance::Unsigned(reason.to_owned())),
                _ => Err(invalid("it allows what is unsigned without a reason")
                    .hinting("write reason: and why, for those who read the policy after you")),
            },
            (None, None) if file.reason.is_some() => {
                Err(invalid("reason belongs to `unsigned: allow` only"))
            }
            (None, None) => self.clauses(file).map(Stance::Demands),
        }
    }

    fn clauses(&self, file: &RuleFile) -> Result<Vec<Clause>> {
        let at = file.at.unwrap_or_default();
        let mut clauses = Vec::new();
        if let Some(by) = &file.signed_by {
            let name = file.signed_name.as_ref();
            clauses.push(Clause {
                what: What::Signature {
                    annotations: file.annotations.clone(),
                    name: name.map(signed_name::read).transpose()?,
                },
                by: self.signers(by, 0)?,
                at,
            });
        } else if file.signed_name.is_some() || !file.annotations.is_empty() {
            return Err(invalid(
                "signed-name and annotations speak of signatures, and no signed-by wants one",
            ));
        }
        for wanted in &file.attestations {
            clauses.push(self.attestation(wanted, file.signed_by.as_ref(), at)?);
        }
        Ok(clauses)
    }

    fn attestation(
        &self,
        file: &AttestationFile,
        otherwise: Option<&SignedByFile>,
        at: Level,
    ) -> Result<Clause> {
        let Some(by) = file.signed_by.as_ref().or(otherwise) else {
            return Err(invalid(
                "an attestation is wanted, and nothing says by whom: write signed-by",
            ));
        };
        let types = file.r#type.as_slice().iter();
        let conditions = file.conditions.iter();
        Ok(Clause {
            what: What::Attestation(AttestationDemand {
                predicate_types: types
                    .map(|kind| predicate_type(kind))
                    .collect::<Result<_>>()?,
                conditions: conditions.map(condition::read).collect::<Result<_>>()?,
            }),
            by: self.signers(by, 0)?,
            at: file.at.unwrap_or(at),
        })
    }

    fn signers(&self, file: &SignedByFile, depth: usize) -> Result<Signers> {
        if depth > MAX_NESTING {
            return Err(invalid(format!(
                "any-of and all-of are nested deeper than {MAX_NESTING}"
            )));
        }
        let group = match file {
            SignedByFile::One(name) => return self.signer(name),
            SignedByFile::Group(group) => group,
        };
        let all = |files: &[SignedByFile]| {
            if files.is_empty() {
                return Err(invalid("any-of or all-of nobody is wanted"));
            }
            files
                .iter()
                .map(|file| self.signers(file, depth + 1))
                .collect()
        };
        match (&group.any_of, &group.all_of) {
            (Some(files), None) => all(files).map(Signers::AnyOf),
            (None, Some(files)) => all(files).map(Signers::AllOf),
            _ => Err(invalid("signed-by wants one of any-of and all-of")),
        }
    }

    fn signer(&self, name: &str) -> Result<Signers> {
        self.signers.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = self.signers.keys().map(String::as_str).collect();
            let error = invalid(format!("there is no signer {name:?}"));
            match nearest(name, names.iter().copied()) {
                Some(near) => error.hinting(format!("did you mean {near:?}?")),
                None if names.is_empty() => error.hinting("add it under signers"),
                None => error.hinting(format!("use one of: {}", names.join(", "))),
            }
        })
    }
}

/// Keys that mean nothing where nothing is demanded are refused: whoever wrote them meant something.
fn only_with_demands(file: &RuleFile) -> Result<()> {
    let idle = [
        ("at", file.at.is_some()),
        ("annotations", !file.annotations.is_empty()),
        ("signed-name", file.signed_name.is_some()),
    ];
    match idle.iter().find(|(_, is_there)| *is_there) {
        Some((key, _)) => Err(invalid(format!(
            "{key} means nothing where nothing is demanded"
        ))),
        None if file.refuse.is_some() && file.reason.is_some() => {
            Err(invalid("refuse is given its reason itself: `refuse: why`"))
        }
        None => Ok(()),
    }
}

/// A predicate type in full.
fn predicate_type(written: &str) -> Result<String> {
    let full = predicate::predicate_type(written);
    if full == SIGN {
        return Err(invalid("a signature is wanted as an attestation").hinting("use signed-by"));
    }
    if full.contains(':') {
        return Ok(full.to_owned());
    }
    let names: Vec<&str> = predicate::names().collect();
    let error = invalid(format!("{written:?} is no predicate type"));
    Err(match nearest(written, names.iter().copied()) {
        Some(near) => error.hinting(format!("did you mean {near:?}?")),
        None => error.hinting(format!("write a URI, or one of: {}", names.join(", "))),
    })
}

/// The text that a policy gives as itself, as a variable, or as a file.
fn text(materials: &dyn Materials, written: &str) -> Result<String> {
    materials::text(materials, written)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
