//! The gate that a policy keeps.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::lock::Mutex as Turn;
use transship_oci::{Digest, Gate, Result, Source, Tie, Verdict, Walked};

use super::{Assessment, Rules, Stance, assess};
use crate::{Judge, Limits};

/// Room for one assessment, which is made by whoever comes first; the others wait for it.
type Room = Arc<Turn<Option<Arc<Assessment>>>>;

/// Reference, place and digest: what an assessment was asked for.
type Spot = (Option<String>, String, Digest);

/// Admits what its rules let pass.
///
/// The same artifact at the same place, with the same evidence listed beside it and under the same rule, is assessed once.
#[derive(Debug)]
pub struct PolicyGate {
    rules: Arc<dyn Rules>,
    judge: Judge,
    limits: Limits,
    known: Mutex<HashMap<Digest, Room>>,
    said: Mutex<BTreeMap<Spot, Arc<Assessment>>>,
}

impl PolicyGate {
    /// A gate with these rules. The judge's own trust root serves where the rules name none.
    pub fn new(rules: Arc<dyn Rules>, judge: Judge, limits: Limits) -> Self {
        Self {
            rules,
            judge,
            limits,
            known: Mutex::default(),
            said: Mutex::default(),
        }
    }

    /// What the rules say of an artifact.
    ///
    /// # Errors
    /// As [`assess`].
    pub async fn assessment(
        &self,
        walked: &Walked,
        source: &dyn Source,
    ) -> Result<Arc<Assessment>> {
        let key = self.key(walked, source)?;
        let room = held(&self.known).entry(key).or_default().clone();
        let mut room = room.lock().await;
        let assessment = if let Some(known) = &*room {
            known.clone()
        } else {
            let made = assess(&*self.rules, &self.judge, &self.limits, walked, source).await?;
            room.insert(Arc::new(made)).clone()
        };
        drop(room);
        Ok(self.say(assessment, walked))
    }

    /// All that was said so far, by reference, place and digest.
    pub fn assessments(&self) -> Vec<Arc<Assessment>> {
        held(&self.said).values().cloned().collect()
    }

    /// Notes what was said, under the name that was asked for.
    fn say(&self, mut assessment: Arc<Assessment>, walked: &Walked) -> Arc<Assessment> {
        let reference = walked.reference.as_ref().map(ToString::to_string);
        if assessment.reference != reference {
            Arc::make_mut(&mut assessment)
                .reference
                .clone_from(&reference);
        }
        let key = (reference, assessment.location.clone(), assessment.root);
        held(&self.said).insert(key, assessment.clone());
        assessment
    }

    /// All that an assessment depends on, in one digest.
    fn key(&self, walked: &Walked, source: &dyn Source) -> Result<Digest> {
        let rule = self
            .rules
            .rule(walked.reference.as_ref(), &walked.root.digest)?;
        let mut text = format!(
            "{}\n{}\n{:?}\n{:?}\n",
            source.location(),
            walked.root.digest,
            rule.name,
            walked.root.media_type
        );
        let by_name = match &rule.stance {
            Stance::Demands(clauses) => clauses.iter().any(|one| one.what.depends_on_name()),
            Stance::Refuse(_) | Stance::Unsigned(_) => false,
        };
        if let (true, Some(reference)) = (by_name, &walked.reference) {
            let _ = writeln!(text, "{reference}");
        }
        for child in &walked.children {
            let _ = writeln!(text, "{} {:?}", child.digest, child.media_type);
        }
        for (subject, referrer) in &walked.referrers {
            let tie = match &referrer.tie {
                Tie::Subject => "subject",
                Tie::Tag(tag) => tag.as_str(),
            };
            let _ = writeln!(text, "{subject} {} {tie}", referrer.descriptor.digest);
        }
        Ok(Digest::sha256(text.as_bytes()))
    }
}

/// Nothing that is held here can be left half done.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Gate for PolicyGate {
    async fn admit(&self, walked: &Walked, from: &dyn Source) -> Result<Verdict> {
        Ok(self.assessment(walked, from).await?.verdict())
    }
}
