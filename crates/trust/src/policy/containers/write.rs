//! A policy of our own as `policy.json`, for nodes that pull what was copied.
//!
//! What `policy.json` has no words for becomes `reject`, or is told in a note when leaving it out makes the file weaker than
//! the policy. Where only a wrong file could be written, none is.

use std::collections::BTreeMap;

use transship_oci::{Error, ErrorKind, Repository, Result};

use super::{
    super::{
        Clause, Level, Match, NameSpec, Policy, Rule, Scope, Stance, Validity, What,
        scope::{host_without_port, is_at_or_below},
    },
    Requirement, SignedIdentity,
    parse::File,
    registries_d::Lookups,
};
use crate::TrustRoot;

mod signer;

/// A repository that was copied, and where it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Under which name its signatures were made, and which rules hold for it.
    pub from: Repository,
    /// Where nodes pull it.
    pub to: Repository,
}

/// What to put on nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// For `/etc/containers/policy.json`.
    pub policy_json: String,
    /// For a file in `/etc/containers/registries.d/`: without it, signatures are not looked for.
    pub lookups: Lookups,
    /// Where the file is stricter or weaker than the policy, and why.
    pub notes: Vec<String>,
}

/// Writes a policy for nodes. With `copied`, the rules of each source repository are written for where it is now, and its
/// signatures must have been made under its old name; without, the rules are written as they are.
///
/// # Errors
/// `Unsupported` for a pattern of tags, which `policy.json` has no word for and no safe way round.
pub fn write(policy: &Policy, copied: &[Copied]) -> Result<Written> {
    let mut writer = Writer {
        root: policy.root.as_deref(),
        notes: Vec::new(),
    };
    let mut scopes = BTreeMap::new();
    if copied.is_empty() {
        for (scope, rule) in &policy.rules {
            scopes.insert(place(scope)?, writer.list(rule, None));
        }
    }
    for pair in copied {
        writer.pair(policy, pair, &mut scopes)?;
    }
    let default = writer.list(&policy.default, None);
    if copied.is_empty() && !policy.denied.is_empty() {
        let note =
            "weaker: digests denied by name can be written only for repositories that were copied";
        writer.notes.push(note.to_owned());
    }
    writer.notes.sort();
    writer.notes.dedup();
    let signed = |list: &&Vec<Requirement>| {
        list.iter()
            .any(|one| matches!(one, Requirement::SigstoreSigned(_)))
    };
    let attached = scopes.iter().filter(|(_, list)| signed(list));
    let lookups = Lookups::of(attached.map(|(scope, _)| scope.as_str()), signed(&&default));
    let transports = BTreeMap::from([("docker".to_owned(), scopes)]);
    let file = File {
        default,
        transports,
    };
    Ok(Written {
        policy_json: file.to_json()?,
        lookups,
        notes: writer.notes,
    })
}

/// A scope in the words of `policy.json`.
fn place(scope: &Scope) -> Result<String> {
    match scope {
        Scope::Tags(_, pattern) if pattern.contains(['*', '?']) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("policy.json has no word for the pattern of tags in {scope}"),
        )
        .hinting("write rules for single tags, or for the whole repository")),
        scope => Ok(scope.to_string()),
    }
}

struct Writer<'a> {
    /// For signers that have no trust root of their own.
    root: Option<&'a TrustRoot>,
    notes: Vec<String>,
}

impl Writer<'_> {
    /// The rules for one repository that was copied.
    fn pair(
        &mut self,
        policy: &Policy,
        pair: &Copied,
        scopes: &mut BTreeMap<String, Vec<Requirement>>,
    ) -> Result<()> {
        let mut closest: Option<(usize, &Rule)> = None;
        let mut by_host: Option<(usize, &Rule)> = None;
        let name = pair.from.to_string();
        for (scope, rule) in &policy.rules {
            match scope {
                Scope::Tags(here, tag) if *here == pair.from => {
                    place(scope)?;
                    scopes.insert(format!("{}:{tag}", pair.to), self.list(rule, Some(pair)));
                }
                Scope::Pinned(here, digest) if *here == pair.from => {
                    scopes.insert(format!("{}@{digest}", pair.to), self.list(rule, Some(pair)));
                }
                Scope::Place(place) if is_at_or_below(&name, place) => {
                    closest = closest.max_by_len(place.len(), rule);
                }
                Scope::Hosts(domain)
                    if host_without_port(pair.from.registry()).ends_with(domain.as_str()) =>
                {
                    by_host = by_host.max_by_len(domain.len(), rule);
                }
                _ => {}
            }
        }
        let rule = closest
            .or(by_host)
            .map_or(&policy.default, |(_, rule)| rule);
        scopes.insert(pair.to.to_string(), self.list(rule, Some(pair)));
        for digest in policy.denied.keys() {
            scopes.insert(
                format!("{}@{digest}", pair.to),
                vec![Requirement::Reject {}],
            );
        }
        Ok(())
    }

    fn list(&mut self, rule: &Rule, pair: Option<&Copied>) -> Vec<Requirement> {
        let name = &rule.name;
        if rule.validity != Validity::default() {
            let note = format!("weaker: {name}: valid-from and valid-until are left out");
            self.notes.push(note);
        }
        let clauses = match &rule.stance {
            Stance::Refuse(_) => return vec![Requirement::Reject {}],
            Stance::Unsigned(_) => return vec![Requirement::InsecureAcceptAnything {}],
            Stance::Demands(clauses) => clauses,
        };
        let mut list = Vec::new();
        for clause in clauses {
            match self.clause(name, clause, pair) {
                Ok(requirements) => list.extend(requirements),
                Err(why) => {
                    let note = format!("stricter: {name}: nothing passes, because {why}");
                    self.notes.push(note);
                    return vec![Requirement::Reject {}];
                }
            }
        }
        if list.is_empty() {
            let note = format!(
                "stricter: {name}: nothing passes, because policy.json has no word for attestations"
            );
            self.notes.push(note);
            list.push(Requirement::Reject {});
        }
        list
    }

    /// The requirements that say what a clause says; none for what has to be left out.
    fn clause(
        &mut self,
        rule: &str,
        clause: &Clause,
        pair: Option<&Copied>,
    ) -> Result<Vec<Requirement>, String> {
        let What::Signature { annotations, name } = &clause.what else {
            let what = clause.what.word();
            self.notes
                .push(format!("weaker: {rule}: {what} is left out"));
            return Ok(Vec::new());
        };
        if !annotations.is_empty() {
            self.notes
                .push(format!("weaker: {rule}: annotations are left out"));
        }
        if clause.at == Level::Index {
            self.notes.push(format!(
                "stricter: {rule}: nodes judge the manifest of their own platform; sign those too (cosign sign --recursive)"
            ));
        }
        let identity = identity(name.as_ref(), pair)?;
        signer::requirements(&clause.by, &identity, self.root)
    }
}

/// Keeps the longest.
trait MaxByLen<'a> {
    fn max_by_len(self, len: usize, rule: &'a Rule) -> Self;
}

impl<'a> MaxByLen<'a> for Option<(usize, &'a Rule)> {
    fn max_by_len(self, len: usize, rule: &'a Rule) -> Self {
        match self {
            Some((known, _)) if known >= len => self,
            _ => Some((len, rule)),
        }
    }
}

fn identity(name: Option<&NameSpec>, pair: Option<&Copied>) -> Result<SignedIdentity, String> {
    let moved = pair.filter(|pair| pair.from != pair.to);
    let exact = |repository: &Repository| SignedIdentity::ExactRepository {
        docker_repository: repository.to_string(),
    };
    Ok(match (name, moved) {
        // cosign signs the bare repository under which it found the image: at its new place only that old name fits.
        (None | Some(NameSpec::Match(Match::Repository)), Some(pair)) => exact(&pair.from),
        (None | Some(NameSpec::Match(Match::Repository)), None) => {
            SignedIdentity::MatchRepository {}
        }
        (Some(NameSpec::Match(Match::DigestOrExact)), Some(pair)) => {
            SignedIdentity::RemapIdentity {
                prefix: pair.to.to_string(),
                signed_prefix: pair.from.to_string(),
            }
        }
        (Some(NameSpec::Match(Match::DigestOrExact)), None) => {
            SignedIdentity::MatchRepoDigestOrExact {}
        }
        (Some(NameSpec::Match(Match::Exact)), None) => SignedIdentity::MatchExact {},
        (Some(NameSpec::Reference(reference)), _) => SignedIdentity::ExactReference {
            docker_reference: reference.to_string(),
        },
        (Some(NameSpec::Repository(repository)), _) => exact(repository),
        (
            Some(NameSpec::Remap {
                prefix,
                signed_prefix,
                then: Match::DigestOrExact,
            }),
            None,
        ) => SignedIdentity::RemapIdentity {
            prefix: prefix.clone(),
            signed_prefix: signed_prefix.clone(),
        },
        (Some(spec), _) => {
            return Err(format!("policy.json has no word for a name that is {spec}"));
        }
    })
}

#[cfg(test)]
mod tests;
