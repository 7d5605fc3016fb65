//! Demands: what is asked for beside an artifact.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use crate::Condition;

/// What a piece of evidence must be.
#[derive(Debug, Clone)]
pub enum Demand {
    /// A signature: that the subject is meant, and nothing else.
    Signature(SignatureDemand),
    /// A statement about the subject.
    Attestation(AttestationDemand),
}

impl Demand {
    /// Any signature.
    pub fn signature() -> Self {
        Self::Signature(SignatureDemand::default())
    }

    /// A statement of one type, without conditions.
    pub fn attestation(predicate_type: impl Into<String>) -> Self {
        Self::Attestation(AttestationDemand {
            predicate_types: vec![predicate_type.into()],
            conditions: Vec::new(),
        })
    }
}

/// What is asked of a signature.
#[derive(Debug, Clone, Default)]
pub struct SignatureDemand {
    /// Annotations that must have been signed along (`cosign sign -a`).
    pub annotations: BTreeMap<String, String>,
    /// What the signed name must be. Only simple signing has one; a bundle then answers `policy-refuses`.
    pub name: Option<Arc<dyn NameRule>>,
}

/// What is asked of a statement.
#[derive(Debug, Clone, Default)]
pub struct AttestationDemand {
    /// Its predicate type is one of these, in full.
    pub predicate_types: Vec<String>,
    /// All of these hold for the predicate.
    pub conditions: Vec<Condition>,
}

/// Decides on the name that simple signing signs along with the digest (`docker-reference`).
pub trait NameRule: Debug + Send + Sync {
    /// Does a signature of `signed` count here?
    ///
    /// # Errors
    /// A sentence that says why not.
    fn accepts(&self, signed: &str) -> Result<(), String>;
}
