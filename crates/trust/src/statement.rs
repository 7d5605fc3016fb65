//! The signed record of a run: what was moved, from where to where, and what the policy said of it.
//!
//! An in-toto statement whose subjects are the artifacts that were moved, in a Sigstore bundle v0.3. It has no clock and no
//! random order in it, and its signature is deterministic: the same run gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::{
    Demand, Evidence, Finding, Judge, Outcome, SignedBy, Signer, Statement,
    policy::Assessment,
    sign::{PrivateKey, bundle},
};

/// The predicate type of a run's record.
pub const RUN: &str = "urn:transship:run:v1";

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRecord {
    /// What did it.
    pub program: Program,
    /// The digest of the policy that was asked, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
    /// The digests of the trust roots that were judged by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub trust_roots: BTreeSet<Digest>,
    /// What was moved, or was found to be there already.
    pub artifacts: Vec<Moved>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One artifact that was moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moved {
    /// The reference that it was read from.
    pub source: String,
    /// Its digest there.
    pub source_digest: Digest,
    /// Its digest at the targets: another one only where a platform subset was asked for.
    pub digest: Digest,
    /// The references under which it is published now.
    pub targets: BTreeSet<String>,
    /// The referrers that came along: signatures, attestations and whatever else.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub referrers: BTreeSet<Digest>,
    /// What the policy said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Said>,
}

/// What a policy said of an artifact that was moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Said {
    /// `good`, for whatever was moved under a policy.
    pub class: String,
    /// The rule that held.
    pub rule: String,
    /// Why.
    pub reasons: Vec<String>,
    /// What was accepted, and whose it is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accepted: BTreeSet<Accepted>,
}

/// A piece of evidence that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accepted {
    /// The manifest that it speaks of: the artifact, or one below it.
    pub subject: Digest,
    /// The manifest that carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
    /// The predicate type, for statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// What the policy calls the signer.
    pub signer: String,
    /// SHA-256 of the signer's public key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Names in the signer's certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Who vouched for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl From<&Assessment> for Said {
    fn from(assessment: &Assessment) -> Self {
        let accepted = assessment.accepted().map(|judged| {
            let finding = &judged.finding;
            let SignedBy {
                key,
                subjects,
                issuer,
            } = finding.signed_by.clone();
            Accepted {
                subject: finding.subject,
                manifest: finding.manifest,
                predicate_type: finding.predicate_type.clone(),
                signer: judged.signer.clone(),
                key,
                subjects,
                issuer,
            }
        });
        Self {
            class: assessment.class.as_str().to_owned(),
            rule: assessment.rule.clone(),
            reasons: assessment.reasons.clone(),
            accepted: accepted.collect(),
        }
    }
}

impl RunRecord {
    /// The record as a statement: artifacts in order, and each digest a subject.
    ///
    /// # Errors
    /// `Invalid` when nothing was moved: a statement without a subject says nothing.
    pub fn statement(&self) -> Result<Statement> {
        let mut record = self.clone();
        record.artifacts.sort();
        record.artifacts.dedup();
        let mut subjects: BTreeMap<Digest, &str> = BTreeMap::new();
        for moved in &self.artifacts {
            let target = moved.targets.iter().next();
            let name = target.map_or("", String::as_str);
            let known = subjects.entry(moved.digest).or_insert(name);
            *known = (*known).min(name);
        }
        if subjects.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "nothing was moved, so there is nothing to state",
            ));
        }
        let subject = subjects.into_iter().map(|(digest, name)| {
            let mut about = crate::sign::about(digest);
            name.clone_into(&mut about.name);
            about
        });
        Ok(Statement {
            form: "https://in-toto.io/Statement/v1".to_owned(),
            subject: subject.collect(),
            predicate_type: RUN.to_owned(),
            predicate: serde_json::to_value(&record).map_err(|cause| {
                Error::new(ErrorKind::Internal, "the record cannot be written").because(cause)
            })?,
        })
    }

    /// The signed statement: the JSON of a bundle.
    ///
    /// # Errors
    /// As [`RunRecord::statement`]; `Internal` when the signature cannot be made.
    pub fn sign(&self, key: &PrivateKey) -> Result<Vec<u8>> {
        bundle(key, &self.statement()?)
    }

    /// Reads a signed statement: the record, if its signature is by `signer`, and how it stands in any case.
    ///
    /// # Errors
    /// `Corrupt` when the signature holds and what was signed is no record.
    pub fn verify(
        bundle: &[u8],
        signer: &Signer,
        judge: &Judge,
    ) -> Result<(Finding, Option<Self>)> {
        let nobody = Digest::sha256(b"");
        let statement = Evidence::bundle(nobody, bundle).statement().cloned();
        // A record is about all of its subjects; which of them is asked for makes no difference to the signature.
        let first = statement.as_ref().and_then(Statement::first_digest);
        let evidence = Evidence::bundle(first.unwrap_or(nobody), bundle);
        let finding = judge.judge(&evidence, signer, &Demand::attestation(RUN));
        let (Outcome::Accepted, Some(statement)) = (finding.outcome, statement) else {
            return Ok((finding, None));
        };
        let record = serde_json::from_value(statement.predicate).map_err(|cause| {
            Error::new(ErrorKind::Corrupt, "what was signed is no record of a run").because(cause)
        })?;
        Ok((finding, Some(record)))
    }
}

#[cfg(test)]
mod tests;
