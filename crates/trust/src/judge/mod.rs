//! The judge: how one piece of evidence stands to one signer and one demand.
//!
//! This is the one place where a verdict is made. In this order, for every form of evidence alike:
//!
//! 1. Can it be read at all?
//! 2. Is it of the kind that is demanded? An SBOM is no signature, whoever signed it.
//! 3. Whose does it say it is? If another's, it is none of this demand's business.
//! 4. Does it hold: signature, certificate, log entry, times? ([`key`], [`keyless`], [`pki`])
//! 5. Does it speak of this artifact, and as demanded? ([`demand`])

mod chain;
mod claims;
mod covered;
mod demand;
mod key;
mod keyless;
mod pki;
mod sigstore;
mod time;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use transship_oci::Digest;

use crate::{
    Claim, Demand, Evidence, Finding, Outcome, Proof, SignedBy, Signer, TrustRoot,
    evidence::{Content, Signature, Signed},
    verdict::Rejection,
};

/// Judges evidence. Does no input or output, and knows no time but what it was given.
#[derive(Debug, Clone)]
pub struct Judge {
    now: Timestamp,
    root: Option<Arc<TrustRoot>>,
    max_root_age: Option<SignedDuration>,
}

impl Judge {
    /// A judge who takes it to be `now`, and has no trust root.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            root: None,
            max_root_age: None,
        }
    }

    /// The trust root for signers that have none of their own.
    pub fn with_root(mut self, root: Arc<TrustRoot>) -> Self {
        self.root = Some(root);
        self
    }

    /// Trust roots that are older than this, as far as is known, judge nothing.
    pub fn with_max_root_age(mut self, age: SignedDuration) -> Self {
        self.max_root_age = Some(age);
        self
    }

    /// The time that it goes by.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The trust root for signers that have none of their own.
    pub fn root(&self) -> Option<&Arc<TrustRoot>> {
        self.root.as_ref()
    }

    /// How `evidence` stands to `signer` and `demand`. Always a finding, never an error: what cannot be judged says so.
    pub fn judge(&self, evidence: &Evidence, signer: &Signer, demand: &Demand) -> Finding {
        let opinion = match &evidence.content {
            Content::Unreadable { outcome, why } => Opinion::new(*outcome, Claim::Unknown, why),
            Content::Signature(signature) => {
                self.opinion(&evidence.subject, signature, signer, demand)
            }
        };
        opinion.finding(evidence)
    }

    fn opinion(
        &self,
        subject: &Digest,
        signature: &Signature,
        signer: &Signer,
        demand: &Demand,
    ) -> Opinion {
        if let Err((outcome, why)) = demand::is_of_kind(signature, demand) {
            return Opinion::new(outcome, Claim::Unknown, why);
        }
        let held = match signer {
            Signer::Key(wanted) => key::judge(self, subject, signature, wanted),
            Signer::Keyless(wanted) => keyless::judge(self, subject, signature, wanted),
            Signer::Pki(wanted) => pki::judge(self, subject, signature, wanted),
        };
        if held.outcome != Outcome::Accepted {
            return held;
        }
        match demand::is_met(subject, signature, demand) {
            Ok(()) => held,
            // Who signed is still worth reporting; what was proved no longer speaks for it.
            Err((outcome, why)) => Opinion {
                outcome,
                detail: why,
                ..held
            },
        }
    }

    /// The trust root for a signer, if there is one that may judge.
    fn root_for<'a>(&'a self, own: Option<&'a Arc<TrustRoot>>) -> Result<&'a TrustRoot, Rejection> {
        let Some(root) = own.or(self.root.as_ref()) else {
            let why = "there is no trust root to judge it by; give a trusted_root.json".to_owned();
            return Err((Outcome::TrustRoot, why));
        };
        match (root.age(self.now), self.max_root_age) {
            (Some(age), Some(max)) if age > max => {
                let days = |age: SignedDuration| age.as_hours() / 24;
                let why = format!(
                    "the trust root is {} days old, and {} are allowed; give a newer one",
                    days(age),
                    days(max)
                );
                Err((Outcome::TrustRoot, why))
            }
            _ => Ok(root),
        }
    }
}

/// A finding without its place.
#[derive(Debug, Clone)]
struct Opinion {
    outcome: Outcome,
    claim: Claim,
    detail: String,
    signed_by: SignedBy,
    proof: Proof,
}

impl Opinion {
    fn new(outcome: Outcome, claim: Claim, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            claim,
            detail: detail.into(),
            signed_by: SignedBy::default(),
            proof: Proof::default(),
        }
    }

    fn by(mut self, signed_by: SignedBy) -> Self {
        self.signed_by = signed_by;
        self
    }

    fn finding(self, evidence: &Evidence) -> Finding {
        let signed_name = match &evidence.content {
            Content::Signature(signature) => match &signature.signed {
                Signed::Simple { said, .. } => said.as_ref().ok().map(|it| it.reference.clone()),
                Signed::Statement { .. } | Signed::Artifact { .. } => None,
            },
            Content::Unreadable { .. } => None,
        };
        Finding {
            subject: evidence.subject,
            manifest: evidence.manifest,
            blob: evidence.blob,
            form: evidence.form,
            outcome: self.outcome,
            claim: self.claim,
            detail: self.detail,
            signed_by: self.signed_by,
            proof: self.proof,
            predicate_type: evidence.predicate_type().map(str::to_owned),
            signed_name,
        }
    }
}
