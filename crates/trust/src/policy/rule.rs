//! Rules, ready to be applied: what holds in a scope.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use transship_oci::Reference;

use super::{Level, NameSpec, Signers};
use crate::{AttestationDemand, Demand, SignatureDemand};

/// What holds in a scope.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its scope as it is written, or `default`.
    pub name: String,
    /// What it says.
    pub stance: Stance,
    /// When it says so.
    pub validity: Validity,
}

/// What a rule says.
#[derive(Debug, Clone)]
pub enum Stance {
    /// Nothing passes, for this reason.
    Refuse(String),
    /// Everything passes, for this reason.
    Unsigned(String),
    /// What meets all of these passes. Never empty.
    Demands(Vec<Clause>),
}

/// One demand, who must meet it, and for which manifests.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What is demanded.
    pub what: What,
    /// Who must have signed it.
    pub by: Signers,
    /// For which manifests.
    pub at: Level,
}

/// What is demanded.
#[derive(Debug, Clone)]
pub enum What {
    /// A signature.
    Signature {
        /// Annotations that must have been signed along.
        annotations: BTreeMap<String, String>,
        /// What the signed name must be.
        name: Option<NameSpec>,
    },
    /// A statement.
    Attestation(AttestationDemand),
}

impl What {
    /// Any signature.
    pub fn signature() -> Self {
        Self::Signature {
            annotations: BTreeMap::new(),
            name: None,
        }
    }

    /// The demand, for an artifact that is asked for as `asked`.
    pub(super) fn demand(&self, asked: Option<&Reference>) -> Demand {
        match self {
            Self::Signature { annotations, name } => Demand::Signature(SignatureDemand {
                annotations: annotations.clone(),
                name: name.as_ref().map(|spec| spec.for_reference(asked.cloned())),
            }),
            Self::Attestation(demand) => Demand::Attestation(demand.clone()),
        }
    }

    /// Does the answer depend on the name that the artifact is asked for by?
    pub(super) fn depends_on_name(&self) -> bool {
        matches!(self, Self::Signature { name: Some(_), .. })
    }

    /// In a word: `signature`, or the predicate types.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Signature { .. } => "signature".to_owned(),
            Self::Attestation(demand) => {
                format!("attestation {}", demand.predicate_types.join(" or "))
            }
        }
    }
}

/// From when to when a rule lets things pass: whole days, UTC, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Validity {
    /// Why not now, if so.
    pub fn refuses(&self, now: Timestamp) -> Option<String> {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        match (self.from, self.until) {
            (Some(from), _) if today < from => Some(format!("the rule holds from {from} on only")),
            (_, Some(until)) if today > until => Some(format!("the rule held until {until} only")),
            _ => None,
        }
    }
}
