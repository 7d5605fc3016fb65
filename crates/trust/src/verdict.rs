//! Verdicts: what was found of each piece of evidence, and what follows from all of it.
//!
//! A [`Finding`] says of one piece of evidence how it stands to one demand; [`conclude`] draws the one [`Class`] from many.
//! The rule of precedence is in that function and nowhere else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use transship_oci::{Digest, ErrorKind};

use crate::Form;

/// How a piece of evidence stands to what was demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It holds, and it is by a signer that was asked for.
    Accepted,
    /// There is no evidence at all.
    None,
    /// It is by somebody else.
    UntrustedSigner,
    /// The signature does not fit the bytes that it is said to cover, or is damaged.
    BadSignature,
    /// It speaks of another artifact.
    SubjectMismatch,
    /// It is a statement of another kind: an SBOM is no signature.
    WrongPredicateType,
    /// The certificate was not valid when it was used.
    Expired,
    /// Nothing trusted says when it was made.
    NoTrustedTime,
    /// A transparency log has to have an entry for it, and none is there.
    NoLogEntry,
    /// The transparency log's entry does not hold, or is not about this signature.
    LogEntry,
    /// What it would have to be judged by is missing, or too old to know of it.
    TrustRoot,
    /// This version cannot read it.
    UnsupportedFormat,
    /// It is larger than what may be read.
    TooLarge,
    /// It holds, but not what the policy wants of it: an annotation, a condition, a signed name, a date.
    PolicyRefuses,
}

impl Outcome {
    /// Stable name for machines; the same as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::None => "none",
            Self::UntrustedSigner => "untrusted-signer",
            Self::BadSignature => "bad-signature",
            Self::SubjectMismatch => "subject-mismatch",
            Self::WrongPredicateType => "wrong-predicate-type",
            Self::Expired => "expired",
            Self::NoTrustedTime => "no-trusted-time",
            Self::NoLogEntry => "no-log-entry",
            Self::LogEntry => "log-entry",
            Self::TrustRoot => "trust-root",
            Self::UnsupportedFormat => "unsupported-format",
            Self::TooLarge => "too-large",
            Self::PolicyRefuses => "policy-refuses",
        }
    }

    /// What follows when this is all there is.
    pub fn class(self) -> Class {
        match self {
            Self::Accepted => Class::Good,
            Self::None | Self::WrongPredicateType => Class::Missing,
            Self::UntrustedSigner
            | Self::BadSignature
            | Self::SubjectMismatch
            | Self::Expired
            | Self::NoTrustedTime
            | Self::NoLogEntry
            | Self::LogEntry
            | Self::PolicyRefuses => Class::Bad,
            Self::TrustRoot | Self::UnsupportedFormat | Self::TooLarge => Class::CannotCheck,
        }
    }
}

/// Why something does not hold.
pub(crate) type Rejection = (Outcome, String);

/// What is to be done: the four answers that callers branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It may pass.
    Good,
    /// What is there speaks against it.
    Bad,
    /// Nothing is there that speaks for it.
    Missing,
    /// Something is there that cannot be judged here.
    CannotCheck,
}

impl Class {
    /// Stable name for machines; the same as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Missing => "missing",
            Self::CannotCheck => "cannot-check",
        }
    }

    /// The kind of error that stops a run for it; `None` for what may pass.
    pub fn error_kind(self) -> Option<ErrorKind> {
        match self {
            Self::Good => None,
            Self::Bad => Some(ErrorKind::PolicyRefused),
            Self::Missing => Some(ErrorKind::SignatureMissing),
            Self::CannotCheck => Some(ErrorKind::CannotCheck),
        }
    }

    /// How loudly it speaks when several demands must all be met: the loudest is the answer.
    fn weight(self) -> u8 {
        match self {
            Self::Bad => 3,
            Self::CannotCheck => 2,
            Self::Missing => 1,
            Self::Good => 0,
        }
    }

    /// Both must hold: bad before cannot-check before missing before good.
    pub fn and(self, other: Self) -> Self {
        if other.weight() > self.weight() {
            other
        } else {
            self
        }
    }

    /// One of them must hold: good before all others, which rank as in [`Class::and`].
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Good, _) | (_, Self::Good) => Self::Good,
            (a, b) => a.and(b),
        }
    }
}

/// Whose a piece of evidence says it is, judged by a key or certificate before any signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// A signer that was asked for: if it was tampered with, that is an alarm, and nothing else makes up for it.
    Asked,
    /// Somebody else: none of this demand's business.
    Another,
    /// It does not say. A signature in cosign's first form, made with a key, names no key.
    Unknown,
}

/// Who signed, as far as the evidence shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedBy {
    /// SHA-256 of the public key's SPKI in DER, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Subject alternative names of the certificate: mail addresses, URIs, host names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// The OIDC issuer that vouched for the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What was proved on the way to [`Outcome::Accepted`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The certificate leads to a trusted authority.
    pub certificate: bool,
    /// The certificate's own log stamp (SCT) holds.
    pub sct: bool,
    /// A transparency log holds an entry for this very signature.
    pub log: bool,
    /// Trusted times of signing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Timestamp>,
}

/// One piece of evidence, judged against one demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The artifact that it lies beside.
    pub subject: Digest,
    /// The manifest that carries it, where it lies in a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
    /// The blob that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<Digest>,
    /// How it is stored.
    pub form: Form,
    /// How it stands.
    pub outcome: Outcome,
    /// Whose it says it is.
    pub claim: Claim,
    /// Why, in one sentence for people.
    pub detail: String,
    /// Who signed.
    #[serde(default)]
    pub signed_by: SignedBy,
    /// What was proved.
    #[serde(default)]
    pub proof: Proof,
    /// The predicate type, for statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// The name that was signed along, for simple signing. It is what the signer wrote, and no more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_name: Option<String>,
}

impl Finding {
    /// Is it an alarm: by a signer that was asked for, and contradicting itself?
    ///
    /// What is merely not enough (no log entry, no time, an annotation that differs) is none: the same signer may have signed
    /// again since, and better.
    pub fn is_alarm(&self) -> bool {
        let contradicts = matches!(
            self.outcome,
            Outcome::BadSignature | Outcome::SubjectMismatch | Outcome::LogEntry
        );
        self.claim == Claim::Asked && contradicts
    }
}

/// Draws the conclusion from all findings for one demand of one subject.
///
/// 1. An alarm ([`Finding::is_alarm`]) is *bad*, whatever else there is: a signature that fails is not rescued by another.
/// 2. Else one accepted finding is *good*: others' signatures beside it do not matter.
/// 3. Else something bad is *bad*; else something that cannot be judged is *cannot-check*; else it is *missing*.
///
/// The outcome is that of the finding that decided; [`Outcome::None`] when there are no findings.
pub fn conclude<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> (Class, Outcome) {
    let outcome = decisive(findings).map_or(Outcome::None, |finding| finding.outcome);
    (outcome.class(), outcome)
}

/// The finding that decides. Of two that are bad it is the one by a signer that was asked for: what is wrong with it is the
/// reason to give, not that others signed too. Of equals it is the first, so that the answer follows the order of the evidence.
pub(crate) fn decisive<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Option<&'a Finding> {
    let rank = |finding: &Finding| match (finding.outcome.class(), finding.claim) {
        _ if finding.is_alarm() => 6,
        (Class::Good, _) => 5,
        (Class::Bad, Claim::Asked) => 4,
        (Class::Bad, Claim::Unknown) => 3,
        (Class::Bad, Claim::Another) => 2,
        (Class::CannotCheck, _) => 1,
        (Class::Missing, _) => 0,
    };
    let mut decisive: Option<&Finding> = None;
    for finding in findings {
        if decisive.is_none_or(|best| rank(finding) > rank(best)) {
            decisive = Some(finding);
        }
    }
    decisive
}

#[cfg(test)]
mod tests;
