//! The gate: may this artifact be published?

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Descriptor, Referrer, Result, Source};

/// What a gate said of one artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// May it pass?
    pub admitted: bool,
    /// Why, one sentence a reason, for people.
    pub reasons: Vec<String>,
}

/// Judges an artifact before the first byte of a layer moves.
#[async_trait]
pub trait Gate: Debug + Send + Sync {
    /// Judges `root`, whose whole graph (children, and everything that refers to any of them) has just been walked.
    ///
    /// # Errors
    /// When no verdict can be reached: that is never a yes.
    async fn admit(
        &self,
        root: &Descriptor,
        evidence: &[Referrer],
        from: &dyn Source,
    ) -> Result<Verdict>;
}

/// The gate that is always open.
#[derive(Debug, Clone, Copy)]
pub struct Accept;

#[async_trait]
impl Gate for Accept {
    async fn admit(&self, _: &Descriptor, _: &[Referrer], _: &dyn Source) -> Result<Verdict> {
        Ok(Verdict {
            admitted: true,
            reasons: Vec::new(),
        })
    }
}
