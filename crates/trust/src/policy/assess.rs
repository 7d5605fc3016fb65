//! Puts the rules and the evidence before the judge: the one place where an artifact is assessed.

use std::collections::BTreeSet;

use transship_oci::{Descriptor, Digest, Reference, Result, Source, Tag, Walked, media_type};

use super::{
    Assessment, Check, Clause, Level, Rule, Rules, Stance, answer::Answer, assessment::RootUsed,
};
use crate::{Class, Evidence, Judge, Limits, Outcome, Signer, TrustRoot, find};

/// Assesses an artifact that was walked at `source`, where its evidence is read.
///
/// Costs the requests for the evidence beside those manifests that the rule speaks of, and no others. Children are looked
/// at one after the other, so that no more than one manifest's evidence is held.
///
/// # Errors
/// `CannotCheck` when no verdict can be reached; as the source says when it fails. Never a yes.
pub async fn assess(
    rules: &dyn Rules,
    judge: &Judge,
    limits: &Limits,
    walked: &Walked,
    source: &dyn Source,
) -> Result<Assessment> {
    let rule = rules.rule(walked.reference.as_ref(), &walked.root.digest)?;
    let judge = rules.judge(judge.clone());
    let mut assessment = Assessment {
        reference: walked.reference.as_ref().map(Reference::to_string),
        location: source.location().to_string(),
        root: walked.root.digest,
        policy: rules.digest(),
        rule: rule.name.clone(),
        class: Class::Bad,
        outcome: Outcome::PolicyRefuses,
        reasons: Vec::new(),
        checks: Vec::new(),
        trust_roots: Vec::new(),
    };
    if let Some(why) = refusal(rules, rule, &judge, walked) {
        assessment.reasons.push(why);
        return Ok(assessment);
    }
    match &rule.stance {
        // Refusals were said above.
        Stance::Refuse(_) => {}
        Stance::Unsigned(why) => {
            assessment.class = Class::Good;
            assessment.outcome = Outcome::None;
            let reason = format!("{} may be unsigned: {why}", walked.root.digest);
            assessment.reasons.push(reason);
        }
        Stance::Demands(clauses) => {
            let mut visit = Visit::new(&judge, limits, walked, source, clauses);
            if visit.misses_children() {
                assessment.class = Class::CannotCheck;
                assessment.outcome = Outcome::None;
                let root = walked.root.digest;
                let reason = format!("{root} is an index, and no manifest below it is known");
                assessment.reasons.push(reason);
                return Ok(assessment);
            }
            visit.root().await?;
            visit.children().await?;
            visit.conclude(&mut assessment);
            assessment.trust_roots = roots(clauses, &judge);
        }
    }
    Ok(assessment)
}

/// What refuses without a look at the evidence.
fn refusal(rules: &dyn Rules, rule: &Rule, judge: &Judge, walked: &Walked) -> Option<String> {
    let mut all = std::iter::once(&walked.root).chain(&walked.children);
    let denied = all.find_map(|node| Some((node.digest, rules.denied(&node.digest)?)));
    if let Some((digest, why)) = denied {
        return Some(format!("{digest} is denied by name: {why}"));
    }
    if let Some(why) = rule.validity.refuses(judge.now()) {
        return Some(format!("{why} (rule {:?})", rule.name));
    }
    match &rule.stance {
        Stance::Refuse(why) => Some(format!("{why} (rule {:?})", rule.name)),
        _ => None,
    }
}

/// One clause, and what came of it.
struct Course<'a> {
    clause: &'a Clause,
    root: Option<(Check, bool)>,
    children: Vec<Check>,
}

struct Visit<'a> {
    judge: &'a Judge,
    limits: &'a Limits,
    walked: &'a Walked,
    source: &'a dyn Source,
    asked: Option<Reference>,
    /// What "every child" means: none for an artifact that is no index, and then the root stands for them.
    leaves: Vec<&'a Descriptor>,
    courses: Vec<Course<'a>>,
}

impl<'a> Visit<'a> {
    fn new(
        judge: &'a Judge,
        limits: &'a Limits,
        walked: &'a Walked,
        source: &'a dyn Source,
        clauses: &'a [Clause],
    ) -> Self {
        let children = walked.children.iter();
        let course = |clause| Course {
            clause,
            root: None,
            children: Vec::new(),
        };
        Self {
            judge,
            limits,
            walked,
            source,
            asked: walked.reference.as_ref().map(asked),
            leaves: children
                .filter(|child| !media_type::is_index(&child.media_type))
                .collect(),
            courses: clauses.iter().map(course).collect(),
        }
    }

    /// Children are asked for and none are known: an index without any, or one that was not walked. "Every child" of
    /// nothing must not be met by anything.
    fn misses_children(&self) -> bool {
        let asks =
            |course: &Course<'_>| matches!(course.clause.at, Level::EveryChild | Level::Both);
        self.leaves.is_empty()
            && media_type::is_index(&self.walked.root.media_type)
            && self.courses.iter().any(asks)
    }

    async fn evidence(&self, subject: &Digest) -> Result<Vec<Evidence>> {
        let referrers = self.walked.beside(subject);
        Ok(find(self.source, subject, &referrers, self.limits)
            .await?
            .evidence)
    }

    /// Looks at the root for those clauses that speak of it.
    async fn root(&mut self) -> Result<()> {
        let is_leaf = self.leaves.is_empty();
        let wanted = |at| is_leaf || at != Level::EveryChild;
        if !self.courses.iter().any(|course| wanted(course.clause.at)) {
            return Ok(());
        }
        let evidence = self.evidence(&self.walked.root.digest).await?;
        for course in &mut self.courses {
            if wanted(course.clause.at) {
                let (judge, asked) = (self.judge, self.asked.as_ref());
                course.root = Some(check(
                    judge,
                    asked,
                    course.clause,
                    &self.walked.root,
                    &evidence,
                ));
            }
        }
        Ok(())
    }

    /// Looks at the children for those clauses that speak of them, or that the root alone did not meet.
    async fn children(&mut self) -> Result<()> {
        let wanted = |course: &Course<'_>| match (course.clause.at, &course.root) {
            (Level::EveryChild | Level::Both, _) => true,
            (Level::Any, Some((check, is_alarm))) => check.class != Class::Good && !is_alarm,
            _ => false,
        };
        if !self.courses.iter().any(wanted) {
            return Ok(());
        }
        for child in self.leaves.clone() {
            let evidence = self.evidence(&child.digest).await?;
            for course in &mut self.courses {
                if wanted(course) {
                    let (judge, asked) = (self.judge, self.asked.as_ref());
                    let (check, _) = check(judge, asked, course.clause, child, &evidence);
                    course.children.push(check);
                }
            }
        }
        Ok(())
    }

    /// All clauses must be met.
    fn conclude(self, assessment: &mut Assessment) {
        let classes = self.courses.iter().map(Course::class);
        assessment.class = classes.reduce(Class::and).unwrap_or(Class::Missing);
        for course in self.courses {
            let met = course.class() == Class::Good;
            let root = course.root.map(|(check, _)| check);
            for check in root.into_iter().chain(course.children) {
                // Of an alternative that was not taken, its findings are told and nothing is made of it.
                if met == (check.class == Class::Good) {
                    assessment.reasons.push(check.sentence());
                }
                assessment.checks.push(check);
            }
        }
        let decisive = assessment
            .checks
            .iter()
            .find(|check| check.class == assessment.class);
        assessment.outcome = decisive.map_or(Outcome::None, |check| check.outcome);
    }
}

impl Course<'_> {
    fn class(&self) -> Class {
        let children = self.children.iter().map(|check| check.class);
        let children = children.reduce(Class::and);
        let root = self.root.as_ref().map(|(check, _)| check.class);
        match (root, children) {
            (Some(root), Some(children)) if self.clause.at == Level::Any => root.or(children),
            (Some(root), Some(children)) => root.and(children),
            (Some(class), None) | (None, Some(class)) => class,
            (None, None) => Class::Missing,
        }
    }
}

/// One demand on one manifest, and whether it raises an alarm.
fn check(
    judge: &Judge,
    asked: Option<&Reference>,
    clause: &Clause,
    node: &Descriptor,
    evidence: &[Evidence],
) -> (Check, bool) {
    let answer = Answer::of(judge, evidence, &clause.by, &clause.what.demand(asked));
    let check = Check {
        subject: node.digest,
        platform: node.platform.as_ref().map(ToString::to_string),
        what: clause.what.word(),
        by: clause.by.to_string(),
        class: answer.class,
        outcome: answer.outcome,
        detail: answer.detail,
        findings: answer.findings,
    };
    (check, answer.is_alarm)
}

/// The name that signatures are held against. A tag that is pinned by a digest too is compared as that tag; where nothing
/// is said, `latest` is meant.
pub(super) fn asked(reference: &Reference) -> Reference {
    let mut asked = reference.clone();
    match (&asked.tag, &asked.digest) {
        (Some(_), Some(_)) => asked.digest = None,
        (None, None) => asked.tag = "latest".parse::<Tag>().ok(),
        _ => {}
    }
    asked
}

fn roots(clauses: &[Clause], judge: &Judge) -> Vec<RootUsed> {
    let own = |signer: &Signer| match signer {
        Signer::Key(signer) => signer.root.clone(),
        Signer::Keyless(signer) => signer.root.clone(),
        Signer::Pki(signer) => signer.root.clone(),
    };
    let used = |root: &TrustRoot| RootUsed {
        digest: root.digest(),
        age_days: root.age(judge.now()).map(|age| age.as_hours() / 24),
    };
    let signers = clauses.iter().flat_map(|clause| clause.by.each());
    let roots: BTreeSet<RootUsed> = signers
        .filter_map(|(_, signer)| own(signer?).or_else(|| judge.root().cloned()))
        .map(|root| used(&root))
        .collect();
    roots.into_iter().collect()
}
