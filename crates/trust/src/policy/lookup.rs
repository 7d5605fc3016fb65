//! Policies, ready to be applied, and which rule of one holds.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use jiff::SignedDuration;
use transship_oci::{Digest, Error, ErrorKind, Reference, Result};

use super::{Clause, Rank, Rule, Scope, Stance, Validity};
use crate::{Judge, TrustRoot};

/// Whatever has rules.
pub trait Rules: Debug + Send + Sync {
    /// The digest of the text that the rules come from: how statements name it.
    fn digest(&self) -> Digest;

    /// The rule for an artifact that is asked for as `reference` and has the digest `root`.
    ///
    /// # Errors
    /// `CannotCheck` when the rules do not say which of them holds.
    fn rule(&self, reference: Option<&Reference>, root: &Digest) -> Result<&Rule>;

    /// Why an artifact never passes, if so.
    fn denied(&self, digest: &Digest) -> Option<&str>;

    /// Is any artifact denied by name? Then those below an index have to be known.
    fn denies_any(&self) -> bool;

    /// The judge as these rules want him: with their trust root, where they have one.
    fn judge(&self, judge: Judge) -> Judge;
}

/// A policy, with all that it names.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) digest: Digest,
    pub(super) root: Option<Arc<TrustRoot>>,
    pub(super) max_root_age: Option<SignedDuration>,
    pub(super) default: Rule,
    pub(super) rules: Vec<(Scope, Rule)>,
    pub(super) denied: BTreeMap<Digest, String>,
}

impl Policy {
    /// The policy that a command line makes: `clauses` are demanded of everything. `name` says where they come from, such as
    /// `--key`, and `digest` names them in statements.
    pub fn demanding(name: impl Into<String>, digest: Digest, clauses: Vec<Clause>) -> Self {
        Self {
            digest,
            root: None,
            max_root_age: None,
            default: Rule {
                name: name.into(),
                stance: Stance::Demands(clauses),
                validity: Validity::default(),
            },
            rules: Vec::new(),
            denied: BTreeMap::new(),
        }
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[(Scope, Rule)] {
        &self.rules
    }

    /// What holds where no rule does.
    pub fn default_rule(&self) -> &Rule {
        &self.default
    }
}

impl Rules for Policy {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn rule(&self, reference: Option<&Reference>, root: &Digest) -> Result<&Rule> {
        let Some(reference) = reference else {
            return Ok(&self.default);
        };
        let mut best: Option<(Rank, &Rule)> = None;
        let mut rival: Option<(Rank, &Rule)> = None;
        for (scope, rule) in &self.rules {
            let Some(rank) = scope.fits(reference, root) else {
                continue;
            };
            match best {
                Some((known, _)) if rank < known => {}
                Some((known, _)) if rank == known => rival = Some((rank, rule)),
                _ => best = Some((rank, rule)),
            }
        }
        match (best, rival) {
            (Some((rank, one)), Some((same, other))) if rank == same => {
                let what = format!(
                    "the rules {:?} and {:?} fit {reference} equally closely",
                    one.name, other.name
                );
                Err(Error::new(ErrorKind::CannotCheck, what).hinting(
                    "write a rule for that tag itself, or make one of the patterns longer",
                ))
            }
            (Some((_, rule)), _) => Ok(rule),
            (None, _) => Ok(&self.default),
        }
    }

    fn denied(&self, digest: &Digest) -> Option<&str> {
        self.denied.get(digest).map(String::as_str)
    }

    fn denies_any(&self) -> bool {
        !self.denied.is_empty()
    }

    fn judge(&self, judge: Judge) -> Judge {
        let judge = match &self.root {
            Some(root) => judge.with_root(root.clone()),
            None => judge,
        };
        match self.max_root_age {
            Some(age) => judge.with_max_root_age(age),
            None => judge,
        }
    }
}

#[cfg(test)]
mod tests;
