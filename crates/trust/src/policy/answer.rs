//! How the evidence beside one manifest stands to one demand, when it may take more than one signer to meet it.

use super::{Judged, Signers};
use crate::{Class, Demand, Evidence, Finding, Judge, Outcome, verdict::decisive};

/// The answer, with all that it was drawn from.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) class: Class,
    pub(super) outcome: Outcome,
    /// What decided, in a sentence.
    pub(super) detail: String,
    /// A signer who was asked for contradicts himself: no other makes up for that.
    pub(super) is_alarm: bool,
    pub(super) findings: Vec<Judged>,
}

impl Answer {
    /// Judges all evidence against all signers.
    pub(super) fn of(judge: &Judge, evidence: &[Evidence], by: &Signers, demand: &Demand) -> Self {
        match by {
            Signers::One { name, signer } => {
                let findings = evidence.iter().map(|one| judge.judge(one, signer, demand));
                let findings: Vec<_> = findings.collect();
                let decisive = decisive(&findings);
                let outcome = decisive.map_or(Outcome::None, |finding| finding.outcome);
                let is_alarm = decisive.is_some_and(Finding::is_alarm);
                let judged = |finding| Judged {
                    signer: name.clone(),
                    finding,
                };
                Self {
                    class: outcome.class(),
                    outcome,
                    detail: decisive.map_or_else(
                        || "there is no evidence beside it".to_owned(),
                        |finding| finding.detail.clone(),
                    ),
                    is_alarm,
                    findings: findings.into_iter().map(judged).collect(),
                }
            }
            Signers::Unsupported { why, .. } => Self {
                class: Class::CannotCheck,
                outcome: Outcome::UnsupportedFormat,
                detail: why.clone(),
                is_alarm: false,
                findings: Vec::new(),
            },
            Signers::AnyOf(all) => Self::fold(judge, evidence, all, demand, Self::or),
            Signers::AllOf(all) => Self::fold(judge, evidence, all, demand, Self::and),
        }
    }

    fn fold(
        judge: &Judge,
        evidence: &[Evidence],
        all: &[Signers],
        demand: &Demand,
        join: fn(Self, Self) -> Self,
    ) -> Self {
        all.iter()
            .map(|by| Self::of(judge, evidence, by, demand))
            .reduce(join)
            // Nobody is asked for: that is never a yes. The readers of policies refuse it before.
            .unwrap_or_else(|| Self {
                class: Class::Missing,
                outcome: Outcome::None,
                detail: "nobody is trusted".to_owned(),
                is_alarm: false,
                findings: Vec::new(),
            })
    }

    fn and(self, other: Self) -> Self {
        let takes_other = self.class.and(other.class) != self.class
            || (self.class == other.class && other.is_alarm && !self.is_alarm);
        self.joined(other, takes_other)
    }

    fn or(self, other: Self) -> Self {
        let takes_other = if self.is_alarm == other.is_alarm {
            self.class.or(other.class) != self.class
        } else {
            other.is_alarm
        };
        self.joined(other, takes_other)
    }

    fn joined(self, other: Self, takes_other: bool) -> Self {
        let (mut decisive, rest, is_first) = if takes_other {
            (other, self, false)
        } else {
            (self, other, true)
        };
        decisive.is_alarm |= rest.is_alarm;
        // In the order in which the signers were named.
        decisive.findings = if is_first {
            [decisive.findings, rest.findings].concat()
        } else {
            [rest.findings, decisive.findings].concat()
        };
        decisive
    }
}

#[cfg(test)]
mod tests;
