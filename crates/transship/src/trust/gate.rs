//! What guards a run.

use std::{path::Path, sync::Arc};

use transship_oci::{Accept, Digest, Gate, Result};
use transship_trust::{
    Judge, Limits,
    policy::{Assessment, PolicyGate, Rules},
};

use super::rules::rules;
use crate::app::App;

/// The policy of a run, if it has one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard(Option<(Digest, Arc<PolicyGate>)>);

/// The guard that the policy in a file makes; without a file, everything passes.
///
/// # Errors
/// As [`rules`].
pub(crate) fn guard(app: &App, policy: Option<&Path>) -> Result<Guard> {
    let Some(path) = policy else {
        return Ok(Guard::default());
    };
    Ok(Guard::of(app, rules(app, path)?))
}

impl Guard {
    /// The guard that these rules make.
    pub(crate) fn of(app: &App, rules: Arc<dyn Rules>) -> Self {
        let digest = rules.digest();
        let gate = PolicyGate::new(rules, Judge::new(app.now()), Limits::default());
        Self(Some((digest, Arc::new(gate))))
    }

    /// The gate for the engine.
    pub(crate) fn gate(&self) -> Arc<dyn Gate> {
        match &self.0 {
            Some((_, gate)) => Arc::clone(gate) as _,
            None => Arc::new(Accept),
        }
    }

    /// The digest of the policy's text.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.0.as_ref().map(|(digest, _)| *digest)
    }

    /// All that was said so far.
    pub(crate) fn assessments(&self) -> Vec<Arc<Assessment>> {
        self.0
            .as_ref()
            .map_or_else(Vec::new, |(_, gate)| gate.assessments())
    }
}
