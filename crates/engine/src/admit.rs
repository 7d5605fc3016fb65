//! The gate is asked twice: of what was walked at the source, before anything moves, and of what a reader of the target
//! finds, before a tag is published, or before one that was there all along is said to be right. Both times by digest, so
//! that no tag can be swapped in between.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Event, Referrer, Result, Side, Sink, Source, Verdict,
    Walked,
};

use crate::{Job, backed::Backed, context::Run, graph::Graph, prepare::Prepared, read_back::Lists};

/// Subjects listed together.
const AT_ONCE: usize = 16;

/// May this be published at all?
///
/// # Errors
/// The refusal, and whatever keeps the gate from a verdict.
pub(crate) async fn at_source(run: &Run, job: &Job, prepared: &Prepared) -> Result<()> {
    let lost = prepared.sites.iter().all(|site| site.diff.is_err());
    // Where nothing can be published anyway, nothing was walked.
    if lost {
        return Ok(());
    }
    walked(run, job, &prepared.graph, &prepared.root).await
}

/// May what was walked at the source be published at all?
///
/// # Errors
/// As [`at_source`].
pub(crate) async fn walked(run: &Run, job: &Job, graph: &Graph, root: &Descriptor) -> Result<()> {
    if !run.gate.looks() {
        return Ok(());
    }
    let walked = graph.walked(root, job.reference());
    ask(run, job, &walked, &Backed::of(job), Side::Source).await
}

/// May what was put at a target be tagged? `lists` is what was read back already, after [`look_afresh`].
///
/// # Errors
/// As [`at_source`], and those of the target.
pub(crate) async fn before_tags(
    run: &Run,
    job: &Job,
    graph: &Graph,
    sink: &dyn Sink,
    lists: Lists,
) -> Result<()> {
    let hint = "no tag was published; see what lies beside it there with `transship tree`";
    at_target(run, job, graph, sink, lists)
        .await
        .map_err(|error| refused(error, hint))
}

/// Is what a target had all along still right? What speaks against it may have come there later, and from elsewhere.
///
/// # Errors
/// As [`before_tags`].
pub(crate) async fn as_it_stands(
    run: &Run,
    job: &Job,
    graph: &Graph,
    sink: &dyn Sink,
) -> Result<()> {
    look_afresh(run, sink);
    let hint = "the tag was there before and was left as it is; see what lies beside it there with `transship tree`";
    at_target(run, job, graph, sink, Lists::new())
        .await
        .map_err(|error| refused(error, hint))
}

/// Has everything at a target that the gate will see asked for from here on: what speaks against an artifact may have come
/// there a moment ago.
pub(crate) fn look_afresh(run: &Run, sink: &dyn Sink) {
    if let (true, Some(reader)) = (run.gate.looks(), sink.reader()) {
        reader.forget();
    }
}

/// The error with a hint, if it is a verdict.
fn refused(error: Error, hint: &'static str) -> Error {
    match error.kind() {
        ErrorKind::PolicyRefused | ErrorKind::SignatureMissing | ErrorKind::CannotCheck
            if error.hint().is_none() =>
        {
            error.hinting(hint)
        }
        _ => error,
    }
}

async fn at_target(
    run: &Run,
    job: &Job,
    graph: &Graph,
    sink: &dyn Sink,
    lists: Lists,
) -> Result<()> {
    let (true, Some(reader), Some(root)) = (
        run.gate.looks(),
        sink.reader(),
        graph.nodes.get(&graph.root),
    ) else {
        return Ok(());
    };
    let mut walked = graph.walked(&root.descriptor, job.reference());
    walked.referrers = listed(&walked, sink, lists).await?;
    ask(run, job, &walked, reader, Side::Target).await
}

/// What a reader of the target finds beside everything that the gate may look at.
async fn listed(walked: &Walked, sink: &dyn Sink, lists: Lists) -> Result<Vec<(Digest, Referrer)>> {
    let nodes = std::iter::once(&walked.root).chain(&walked.children);
    let referrers = walked.referrers.iter().map(|(subject, _)| *subject);
    let subjects: BTreeSet<Digest> = nodes.map(|node| node.digest).chain(referrers).collect();
    let subjects = subjects.into_iter();
    let looks: Vec<_> = subjects
        .map(|subject| beside(sink, subject, lists.get(&subject)))
        .collect();
    let found: Vec<_> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn beside(
    sink: &dyn Sink,
    subject: Digest,
    seen: Option<&Vec<Referrer>>,
) -> Result<Vec<(Digest, Referrer)>> {
    let list = match seen {
        Some(list) => list.clone(),
        None => sink.referrers(&subject).await.map_err(|error| {
            error
                .op(format!("list referrers of {subject}"))
                .on(Side::Target)
                .at(sink.location())
        })?,
    };
    Ok(list.into_iter().map(|one| (subject, one)).collect())
}

async fn ask(run: &Run, job: &Job, walked: &Walked, at: &dyn Source, side: Side) -> Result<()> {
    let verdict = run.gate.admit(walked, at).await?;
    let digest = walked.root.digest;
    let refusal = verdict.refusal;
    let Verdict { reasons, .. } = verdict;
    let why = reasons.join("; ");
    // A reason that is about the artifact itself names it.
    let what = if why.contains(&digest.to_string()) {
        "the artifact".to_owned()
    } else {
        digest.to_string()
    };
    run.tell(&Event::Judged {
        source: job.label.clone(),
        at: at.location().to_string(),
        digest,
        verdict: refusal.map_or("admitted", |kind| kind.as_str()),
        reasons,
    });
    let Some(kind) = refusal else {
        return Ok(());
    };
    Err(match side {
        Side::Target => {
            let message = format!("{what} is refused as it is at the target: {why}");
            Error::new(kind, message).on(side).at(at.location())
        }
        _ => Error::new(kind, format!("{what} is refused: {why}")).at(&job.label),
    })
}
