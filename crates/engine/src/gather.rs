//! Gathering: artifacts with all their manifests in hand, admitted by the gate, before a layer of any of them moves.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, future::join};
use transship_oci::{Artifact, Digest, Error, ErrorKind, Event, Result, Side, Source};

use crate::{
    Item, Job, Outcome, admit,
    artifact::InHand,
    context::Run,
    graph::Graph,
    look::Root,
    platforms, prepare,
    shelf::Shelf,
    task::Task,
    walk::{Visit, Walk},
};

/// What was gathered, and what could not be.
#[derive(Debug, Default)]
pub struct Gathering {
    /// In the order asked.
    pub gathered: Vec<Gathered>,
    /// Those that are left out, in the order asked: one entry each, without a target.
    pub failed: Vec<Item>,
}

impl Gathering {
    /// What kept artifacts from being gathered, with their source references.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &Error)> {
        let failed = self.failed.iter();
        failed.filter_map(|item| match &item.outcome {
            Outcome::Failed(error) => Some((item.source.as_str(), error)),
            Outcome::Copied | Outcome::Unchanged => None,
        })
    }
}

/// One artifact in hand.
#[derive(Debug)]
pub struct Gathered {
    /// The source reference as people and events see it.
    pub label: String,
    /// The repository where its blobs are.
    pub source: Arc<dyn Source>,
    /// What the source reference pointed at. Another than the artifact's root for a subset of platforms only.
    pub found: Digest,
    /// The artifact. It has the tag that was asked for; whoever wants other tags at the far side says so here.
    pub artifact: Artifact,
}

/// Gathers all jobs, as many at once as the options say.
pub(crate) async fn gather_all(run: &Arc<Run>, jobs: impl Stream<Item = Job> + Send) -> Gathering {
    run.tell(&Event::RunStarted {
        artifacts: jobs.size_hint().0 as u64,
    });
    let tasks = jobs.map(|job| {
        let run = Arc::clone(run);
        let label = job.label.clone();
        let task = Task::spawn(async move { Box::pin(gather(&run, job)).await });
        async move { (label, task.await.and_then(|gathered| gathered)) }
    });
    let mut gathered = std::pin::pin!(tasks.buffered(run.options.parallel.max(1)));
    let mut shelf = Shelf::new(run.options.limits.gathered);
    let mut gathering = Gathering::default();
    while let Some((label, gathered)) = gathered.next().await {
        let shelved = gathered.and_then(|mut one| {
            let held = shelf.take(one.artifact.manifests.iter_mut().collect());
            held.map_err(|error| error.at(&one.artifact.reference))?;
            Ok(one)
        });
        match shelved {
            Ok(gathered) => gathering.gathered.push(gathered),
            Err(error) => {
                let item = Item::lost(label, String::new(), error);
                run.tell(&item.event());
                gathering.failed.push(item);
            }
        }
    }
    gathering
}

async fn gather(run: &Run, job: Job) -> Result<Gathered> {
    let reference = job.reference().ok_or_else(|| nameless(&job))?;
    let mut notices = Vec::new();
    let (mut root, found, graph) = walk(run, &job, &mut notices).await?;
    run.tell(&Event::Resolved {
        source: job.label.clone(),
        digest: found,
    });
    notices.extend(prepare::foreign(run, &graph));
    for message in notices {
        run.tell(&Event::Notice {
            about: job.label.clone(),
            message,
        });
    }
    admit::walked(run, &job, &graph, &root.descriptor).await?;
    root.content = None;
    let in_hand = InHand {
        graph: &graph,
        include_foreign: run.options.include_foreign,
    };
    let artifact = in_hand
        .artifact(root.descriptor, reference)
        .map_err(|error| error.at(job.source.location()))?;
    Ok(Gathered {
        label: job.label,
        source: job.source,
        found,
        artifact,
    })
}

/// Walks the whole graph, without a look at any target. Returns the root, what the name pointed at, and the graph.
pub(crate) async fn walk(
    run: &Run,
    job: &Job,
    notices: &mut Vec<String>,
) -> Result<(Root, Digest, Graph)> {
    let options = &run.options;
    // Asked beside everything else: the answer comes from a listing that takes a while.
    let (root, referrers) = join(Root::of(job, &[], true), prepare::may_have(run, job)).await;
    let mut root = root?;
    let found = root.descriptor.digest;
    let rewritten = prepare::narrow(run, job, &mut root, notices)?;
    let walk = Walk {
        source: &job.source,
        sinks: &[],
        referrers: referrers?,
        whole: true,
        limits: options.limits,
    };
    let mut visit = Visit::root(root.descriptor.clone(), Vec::new());
    visit.content.clone_from(&root.content);
    // Nobody can have signed an index that was made here a moment ago.
    visit.referrers = !rewritten;
    let graph = walk.from(visit).await?;
    platforms::require(&options.require_platforms, &graph, job.source.as_ref()).await?;
    platforms::require(&options.platforms, &graph, job.source.as_ref()).await?;
    Ok((root, found, graph))
}

fn nameless(job: &Job) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "what has no name at a registry cannot be gathered",
    )
    .on(Side::Source)
    .at(job.source.location())
    .hinting("copy it to a registry first, and take it from there")
}
