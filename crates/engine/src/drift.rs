//! Drift: the world is not as the plan saw it.

use std::collections::BTreeSet;

use transship_oci::{Digest, Error, ErrorKind};

use crate::{
    Job, Piece, Plan, PlannedJob, PlannedReferrer, PlannedTag, PlannedTarget, prepare::Prepared,
};

impl Plan {
    /// The first difference between this plan and one made `now`, as the error that [`apply`](crate::Engine::apply)
    /// would give.
    pub fn drift(&self, now: &Self) -> Option<Error> {
        between(self, now)
    }
}

/// The first difference between two plans, as an error.
pub(crate) fn between(then: &Plan, now: &Plan) -> Option<Error> {
    if then.jobs.len() != now.jobs.len() {
        let message = format!(
            "the plan has {} artifacts, and {} were given",
            then.jobs.len(),
            now.jobs.len()
        );
        return Some(drift(message));
    }
    let differences = then
        .jobs
        .iter()
        .zip(&now.jobs)
        .filter_map(|(then, now)| job(then, now));
    // Only estimates are left to differ, and they follow from the rest.
    differences.map(drift).next()
}

/// What moved between the second look at a job and its turn.
pub(crate) fn since(planned: &PlannedJob, job: &Job, now: &Prepared) -> Option<Error> {
    let root = source(planned, now.found, now.root.digest);
    let tags = || {
        let sites = job.targets.iter().zip(&now.sites).zip(&planned.targets);
        sites.filter_map(|((target, site), planned)| {
            let moved = planned.tags.iter().zip(&site.standing.tags);
            moved
                .filter(|(then, (_, now))| then.current != *now)
                .map(|(then, (_, now))| tag(&target.label, then, *now))
                .next()
        })
    };
    root.or_else(|| tags().next()).map(drift)
}

fn job(then: &PlannedJob, now: &PlannedJob) -> Option<String> {
    if then.source != now.source {
        return Some(format!(
            "the plan has {} where {} was given",
            then.source, now.source
        ));
    }
    if let Some(moved) = source(then, now.digest, now.publishes) {
        return Some(moved);
    }
    if then.referrers != now.referrers {
        let first = |some: &[PlannedReferrer], others: &[PlannedReferrer]| {
            let others: BTreeSet<&PlannedReferrer> = others.iter().collect();
            some.iter().find(|one| !others.contains(one)).cloned()
        };
        let gone = first(&then.referrers, &now.referrers);
        let come = first(&now.referrers, &then.referrers);
        let what = match (gone, come) {
            (Some(gone), _) => format!("{} no longer belongs to {}", gone.digest, gone.subject),
            (None, Some(come)) => format!("{} now belongs to {}", come.digest, come.subject),
            (None, None) => "the referrers have changed".to_owned(),
        };
        return Some(format!("{}: {what}", then.source));
    }
    if then.targets.len() != now.targets.len() {
        return Some(format!(
            "{} had {} targets when the plan was made, and has {} now",
            then.source,
            then.targets.len(),
            now.targets.len()
        ));
    }
    then.targets
        .iter()
        .zip(&now.targets)
        .find_map(|(then, now)| target(then, now))
}

fn source(then: &PlannedJob, digest: Digest, publishes: Digest) -> Option<String> {
    let moved = |what: &str, then: &Digest, now: Digest| {
        (*then != now)
            .then(|| format!("{what} was {then} when the plan was made, and is {now} now"))
    };
    moved(&then.source, &then.digest, digest)
        .or_else(|| moved("what is published", &then.publishes, publishes))
}

fn target(then: &PlannedTarget, now: &PlannedTarget) -> Option<String> {
    let name = &then.target;
    if then.target != now.target {
        return Some(format!(
            "the plan has the target {name} where {} was given",
            now.target
        ));
    }
    let then_tags = then.tags.iter().chain(&then.legacy_tags);
    let now_tags = now.tags.iter().chain(&now.legacy_tags);
    for (then, now) in then_tags.clone().zip(now_tags.clone()) {
        if then.tag == now.tag && then.current != now.current {
            return Some(tag(name, then, now.current));
        }
        if then.tag != now.tag || then.action != now.action {
            let (was, is) = (&then.tag, &now.tag);
            return Some(format!(
                "{name}: the plan has tag {was} {:?}, and now it is {is} {:?}",
                then.action, now.action
            ));
        }
    }
    if then_tags.count() != now_tags.count() {
        return Some(format!("{name}: the number of tags to write has changed"));
    }
    pieces(name, "blob", "sent", &then.blobs, &now.blobs)
        .or_else(|| pieces(name, "blob", "mounted", &then.mounts, &now.mounts))
        .or_else(|| pieces(name, "manifest", "put", &then.manifests, &now.manifests))
        .or_else(|| pieces(name, "referrer", "put", &then.referrers, &now.referrers))
}

fn tag(target: &str, then: &PlannedTag, now: Option<Digest>) -> String {
    let text =
        |digest: Option<Digest>| digest.map_or("absent".to_owned(), |digest| digest.to_string());
    format!(
        "{target}: tag {} was {} when the plan was made, and is {} now",
        then.tag,
        text(then.current),
        text(now)
    )
}

fn pieces(target: &str, what: &str, done: &str, then: &[Piece], now: &[Piece]) -> Option<String> {
    let only = |some: &[Piece], others: &[Piece]| {
        let others: BTreeSet<&Piece> = others.iter().collect();
        let piece = some.iter().find(|piece| !others.contains(piece));
        piece.map(|piece| piece.digest)
    };
    if let Some(digest) = only(then, now) {
        return Some(format!(
            "{target}: {what} {digest} was to be {done} and need not be any more"
        ));
    }
    only(now, then).map(|digest| format!("{target}: {what} {digest} would now be {done} too"))
}

fn drift(message: String) -> Error {
    Error::new(ErrorKind::Drift, message)
}
