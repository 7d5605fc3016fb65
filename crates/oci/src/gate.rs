//! The gate: may this artifact be published?

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Descriptor, Digest, ErrorKind, Reference, Referrer, Result, Source};

/// An artifact with its whole graph, as a walk found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// As what it is asked for; `None` for what has no name at a registry.
    pub reference: Option<Reference>,
    /// The artifact.
    pub root: Descriptor,
    /// Every manifest below it, at any depth, each once, as its index describes it (platform, annotations). A manifest
    /// that is left out here is not judged.
    pub children: Vec<Descriptor>,
    /// Everything that belongs to the root, to a child, or to another referrer: the subject first.
    pub referrers: Vec<(Digest, Referrer)>,
}

impl Walked {
    /// What belongs to `subject`, in the order of the listing.
    pub fn beside(&self, subject: &Digest) -> Vec<Referrer> {
        let here = self.referrers.iter().filter(|(of, _)| of == subject);
        here.map(|(_, referrer)| referrer.clone()).collect()
    }
}

/// What a gate said of one artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Why it may not pass: `PolicyRefused`, `SignatureMissing` or `CannotCheck`. `None` when it may.
    pub refusal: Option<ErrorKind>,
    /// Why, one sentence a reason, for people.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// May it pass?
    pub fn is_admitted(&self) -> bool {
        self.refusal.is_none()
    }
}

/// Judges an artifact before the first byte of a layer moves.
#[async_trait]
pub trait Gate: Debug + Send + Sync {
    /// Judges an artifact by what has just been walked; `from` is where it was walked, and where its evidence is read.
    /// Asked twice for what is copied: at the source before anything moves, and at the target before a tag is published.
    ///
    /// # Errors
    /// When no verdict can be reached: that is never a yes.
    async fn admit(&self, walked: &Walked, from: &dyn Source) -> Result<Verdict>;

    /// Does it look at artifacts at all? Nothing is walked, listed or judged twice for one that does not.
    fn looks(&self) -> bool {
        true
    }
}

/// The gate that is always open.
#[derive(Debug, Clone, Copy)]
pub struct Accept;

#[async_trait]
impl Gate for Accept {
    async fn admit(&self, _: &Walked, _: &dyn Source) -> Result<Verdict> {
        Ok(Verdict {
            refusal: None,
            reasons: Vec::new(),
        })
    }

    fn looks(&self) -> bool {
        false
    }
}
