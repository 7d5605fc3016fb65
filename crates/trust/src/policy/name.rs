//! Rules about the name that simple signing signs along with the digest.
//!
//! The rules of containers-policy.json(5), "signedIdentity", and one more: a remapped name may be asked to be in the
//! same repository only, which is what cosign's signatures of a mirrored image need.

use std::{fmt, sync::Arc};

use transship_oci::{Reference, Repository};

use super::{Match, scope::is_at_or_below};
use crate::NameRule;

/// What the signed name must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameSpec {
    /// It must match the reference that is asked for.
    Match(Match),
    /// It must match that reference after its front was replaced.
    Remap {
        /// What is replaced: a registry, or a repository or what is above one.
        prefix: String,
        /// What is put in its place.
        signed_prefix: String,
        /// How it must match then.
        then: Match,
    },
    /// It must be this reference, which has a tag or a digest.
    Reference(Reference),
    /// It must be in this repository.
    Repository(Repository),
}

impl NameSpec {
    /// The rule for an artifact that is asked for as `asked`.
    pub fn for_reference(&self, asked: Option<Reference>) -> Arc<dyn NameRule> {
        Arc::new(Asked {
            spec: self.clone(),
            asked,
        })
    }

    /// Does a signature of `signed` count where `asked` is asked for?
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn accepts(&self, asked: Option<&Reference>, signed: &str) -> Result<(), String> {
        let name = named(signed)?;
        let asked = || asked.ok_or("the artifact is asked for by no name that could be compared");
        let fits = match self {
            Self::Reference(wanted) => exact(wanted, &name),
            Self::Repository(wanted) => *wanted == name.repository,
            Self::Match(how) => matches(*how, asked()?, &name),
            Self::Remap {
                prefix,
                signed_prefix,
                then,
            } => matches(*then, &remapped(asked()?, prefix, signed_prefix)?, &name),
        };
        if fits {
            Ok(())
        } else {
            Err(format!("it was signed as {name}, and wanted is {self}"))
        }
    }
}

/// A rule with the reference that it is about.
#[derive(Debug)]
struct Asked {
    spec: NameSpec,
    asked: Option<Reference>,
}

impl NameRule for Asked {
    fn accepts(&self, signed: &str) -> Result<(), String> {
        self.spec.accepts(self.asked.as_ref(), signed)
    }
}

fn matches(how: Match, asked: &Reference, signed: &Reference) -> bool {
    match how {
        Match::Exact => exact(asked, signed),
        Match::Repository => asked.repository == signed.repository,
        // Asked for by tag, with or without a digest: the signer must have meant that tag. By digest alone: the digest
        // is checked elsewhere, and any name but a bare one will do.
        Match::DigestOrExact if asked.tag.is_some() => exact(asked, signed),
        Match::DigestOrExact => {
            asked.digest.is_some() && !is_bare(signed) && asked.repository == signed.repository
        }
    }
}

fn exact(asked: &Reference, signed: &Reference) -> bool {
    !is_bare(asked) && asked == signed
}

fn is_bare(reference: &Reference) -> bool {
    reference.tag.is_none() && reference.digest.is_none()
}

/// A reference as signers write one. No transport: that is how our users write.
pub(super) fn named(text: &str) -> Result<Reference, String> {
    let shown: String = text.chars().take(160).collect();
    if text.contains("://") {
        return Err(format!("{shown:?} is no reference"));
    }
    text.parse()
        .map_err(|_| format!("{shown:?} is no reference"))
}

/// `asked` as it was called where it was signed; itself when `prefix` is not in front of it.
pub(super) fn remapped(
    asked: &Reference,
    prefix: &str,
    signed_prefix: &str,
) -> Result<Reference, String> {
    if !is_at_or_below(&asked.repository.to_string(), prefix) {
        return Ok(asked.clone());
    }
    let text = asked.to_string().replacen(prefix, signed_prefix, 1);
    let name = named(&text)?;
    // A name that would have to be completed first is another than the one that was written.
    if name.to_string() == text {
        Ok(name)
    } else {
        Err(format!("{text:?} is no full reference"))
    }
}

impl fmt::Display for NameSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |how: Match| match how {
            Match::Exact => "the reference that is asked for",
            Match::DigestOrExact => {
                "the reference that is asked for, or its repository for a digest"
            }
            Match::Repository => "the repository that is asked for",
        };
        match self {
            Self::Match(wanted) => f.write_str(how(*wanted)),
            Self::Remap {
                prefix,
                signed_prefix,
                then,
            } => write!(f, "{}, with {signed_prefix} for {prefix}", how(*then)),
            Self::Reference(reference) => write!(f, "{reference}"),
            Self::Repository(repository) => write!(f, "repository {repository}"),
        }
    }
}

#[cfg(test)]
mod tests;
