//! What a policy says of an artifact, with everything that it was drawn from.

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Verdict};

use crate::{Class, Finding, Outcome};

/// What a policy says of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// As what it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where it and its evidence were read.
    pub location: String,
    /// The artifact.
    pub root: Digest,
    /// The policy, by the digest of its text.
    pub policy: Digest,
    /// The rule that held: its scope, or `default`.
    pub rule: String,
    /// What is to be done.
    pub class: Class,
    /// What decided. `none` with class `good`: unsigned artifacts pass here.
    pub outcome: Outcome,
    /// Why, one sentence a reason, for people.
    pub reasons: Vec<String>,
    /// Each demand on each manifest that was looked at, with its findings.
    pub checks: Vec<Check>,
    /// The trust roots that may have been judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust_roots: Vec<RootUsed>,
}

/// A trust root in a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUsed {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How old it is at the most, in days, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days: Option<i64>,
}

/// One demand on one manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The manifest.
    pub subject: Digest,
    /// What it runs on, for a child of an index that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What was demanded: `signature`, or `attestation` and its types.
    pub what: String,
    /// Of whom.
    pub by: String,
    /// What follows.
    pub class: Class,
    /// What decided.
    pub outcome: Outcome,
    /// What decided, in a sentence for people.
    pub detail: String,
    /// Every piece of evidence beside it, as it stands to every signer that was asked for.
    pub findings: Vec<Judged>,
}

/// A finding, and the signer whom the policy had in mind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The signer's name in the policy.
    pub signer: String,
    /// How the evidence stands to him.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Assessment {
    /// The gate's answer.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            refusal: self.class.error_kind(),
            reasons: self.reasons.clone(),
        }
    }

    /// What was accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Judged> {
        let checks = self
            .checks
            .iter()
            .filter(|check| check.class == Class::Good);
        checks.flat_map(Check::accepted)
    }
}

impl Check {
    /// What was accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Judged> {
        let findings = self.findings.iter();
        findings.filter(|judged| judged.finding.outcome == Outcome::Accepted)
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        let (what, by, subject) = (&self.what, &self.by, self.subject);
        let on = self.platform.as_ref();
        let on = on.map_or_else(String::new, |platform| format!(" ({platform})"));
        match self.class {
            Class::Good => {
                let article = if what.starts_with('a') { "an" } else { "a" };
                format!("{subject}{on} has {article} {what} by {by}")
            }
            Class::Missing => format!("{subject}{on} has no {what} by {by}: {}", self.detail),
            Class::Bad => format!("{subject}{on}: the {what} by {by} is bad: {}", self.detail),
            Class::CannotCheck => {
                format!(
                    "{subject}{on}: the {what} by {by} cannot be checked: {}",
                    self.detail
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
