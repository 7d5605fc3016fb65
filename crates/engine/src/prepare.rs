//! Preparation: everything that is found out about one job before a byte of it moves. Reads only.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::{join, join_all};
use transship_oci::{Descriptor, Digest, Error, Event, Result, Side, Sink, media_type};

use crate::{
    Job,
    backed::Backed,
    context::Run,
    diff::{Diff, Differ, Probe},
    graph::Graph,
    look::{Root, Standing},
    platforms,
    subset::subset,
    walk::{Visit, Walk},
    whole::is_whole,
};

/// A job that can be planned or performed.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What the name pointed at.
    pub(crate) found: Digest,
    /// What will be published.
    pub(crate) root: Descriptor,
    pub(crate) graph: Graph,
    pub(crate) notices: Vec<String>,
    /// One entry a target of the job, in its order.
    pub(crate) sites: Vec<Site>,
}

impl Prepared {
    /// Tells what there is to know besides.
    pub(crate) fn tell_notices(&self, run: &Run, job: &Job) {
        for message in &self.notices {
            run.tell(&Event::Notice {
                about: job.label.clone(),
                message: message.clone(),
            });
        }
    }
}

/// One target: what it has under its tags, and what is missing there, or why nothing can be published there.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) standing: Standing,
    pub(crate) diff: Result<Diff>,
    /// What neither the source holds nor the target has.
    pub(crate) missing: Vec<Descriptor>,
}

/// A target that has answered so far.
struct Live {
    /// Which of the job's.
    at: usize,
    standing: Standing,
    present: bool,
    /// The root was asked for, and is not there.
    rootless: bool,
}

/// Prepares `job`.
///
/// # Errors
/// Those of the source, which hold for every target. Those of a target are kept in its [`Site`].
pub(crate) async fn prepare(run: &Run, job: &Job, probe: Probe) -> Result<Prepared> {
    let probe = match probe {
        _ if run.options.recheck => Probe::Recheck,
        // What is carried costs the source nothing, and may be there by now though no tag says so.
        Probe::Thrifty if job.source.is_carried() => Probe::Exact,
        probe => probe,
    };
    let mut lost = BTreeMap::new();
    // Asked beside everything else: the answer comes from a listing that takes a while.
    let (first, referrers) = join(first_look(run, job, &mut lost), may_have(run, job)).await;
    let (live, mut root) = first?;
    let found = root.descriptor.digest;
    run.tell(&Event::Resolved {
        source: job.label.clone(),
        digest: found,
    });
    let mut notices = Vec::new();
    let rewritten = narrow(run, job, &mut root, &mut notices)?;
    let live = place(run, job, &root, live, probe, &mut lost).await;
    let graph = walk(run, job, &root, &live, referrers?, rewritten).await?;
    notices.extend(foreign(run, &graph));
    let mut sites = diffs(run, job, &graph, live, probe).await;
    sites.append(&mut lost);
    Ok(Prepared {
        found,
        root: root.descriptor,
        graph,
        notices,
        sites: sites.into_values().collect(),
    })
}

/// What the targets have under the tags asked for, and what the name points at.
async fn first_look(
    run: &Run,
    job: &Job,
    lost: &mut BTreeMap<usize, Site>,
) -> Result<(Vec<Live>, Root)> {
    let live = stand(job, lost).await;
    let standings: Vec<&Standing> = live.iter().map(|live| &live.standing).collect();
    let root = Root::of(job, &standings, !run.options.platforms.is_empty()).await?;
    Ok((live, root))
}

/// Could anything in the source have referrers that are wanted?
pub(crate) async fn may_have(run: &Run, job: &Job) -> Result<bool> {
    if !run.options.referrers {
        return Ok(false);
    }
    job.source.may_have_referrers().await.map_err(|error| {
        error
            .op("look for referrers")
            .on(Side::Source)
            .at(job.source.location())
    })
}

/// What every target has under the tags asked for.
async fn stand(job: &Job, lost: &mut BTreeMap<usize, Site>) -> Vec<Live> {
    let standings = join_all(job.targets.iter().map(Standing::of)).await;
    let mut live = Vec::with_capacity(standings.len());
    for (at, standing) in standings.into_iter().enumerate() {
        match standing {
            Ok(standing) => live.push(Live {
                at,
                standing,
                present: false,
                rootless: false,
            }),
            Err(error) => {
                lost.insert(at, Site::lost(Standing::default(), error));
            }
        }
    }
    live
}

/// Leaves out platforms, where that is asked for. Says whether the root is one of our own making now.
pub(crate) fn narrow(
    run: &Run,
    job: &Job,
    root: &mut Root,
    notices: &mut Vec<String>,
) -> Result<bool> {
    let Some(whole) = &root.content else {
        return Ok(false);
    };
    let narrowed = subset(whole, &run.options.platforms)
        .map_err(|error| error.on(Side::Source).at(job.source.location()))?;
    let Some(narrowed) = narrowed else {
        return Ok(false);
    };
    notices.push(format!(
        "platforms are left out: the index becomes {} where the source has {}, and signatures of the whole index do \
         not cover it",
        narrowed.digest(),
        whole.digest()
    ));
    root.descriptor = narrowed.descriptor().clone();
    root.content = Some(narrowed);
    Ok(true)
}

/// Keeps the targets where the root may be published, and finds out which of them have it.
async fn place(
    run: &Run,
    job: &Job,
    root: &Root,
    live: Vec<Live>,
    probe: Probe,
    lost: &mut BTreeMap<usize, Site>,
) -> Vec<Live> {
    let looks = live.into_iter().map(|mut live| async move {
        let sink = &job.targets[live.at].sink;
        let digest = root.descriptor.digest;
        if let Some(error) = live
            .standing
            .conflict(digest, run.options.move_tags, sink.as_ref())
        {
            return Err((live, error));
        }
        let certain = probe != Probe::Thrifty;
        let found = root.is_at(job, &live.standing, sink, certain).await;
        live.rootless = certain && matches!(found, Ok(false));
        let present = match found {
            Ok(true) => whole(run, root, &live.standing, sink).await,
            other => other,
        };
        match present {
            Ok(present) => {
                live.present = present;
                Ok(live)
            }
            Err(error) => Err((live, error)),
        }
    });
    let mut kept = Vec::new();
    for look in join_all(looks).await {
        match look {
            Ok(live) => kept.push(live),
            Err((Live { at, standing, .. }, error)) => {
                lost.insert(at, Site::lost(standing, error));
            }
        }
    }
    kept
}

/// Is a root that is there to be trusted to be whole? One that has its tag is, as long as nobody asks for a recheck; so
/// is one that this run has put.
async fn whole(run: &Run, root: &Root, standing: &Standing, sink: &Arc<dyn Sink>) -> Result<bool> {
    let Descriptor {
        digest, media_type, ..
    } = &root.descriptor;
    let trusted = standing.has(digest) || run.manifests.knows(sink.location(), digest);
    if trusted || !media_type::is_index(media_type) {
        return Ok(true);
    }
    is_whole(sink, &root.descriptor, run.options.limits)
        .await
        .map_err(|error| {
            error
                .op(format!("look below {digest}"))
                .on(Side::Target)
                .at(sink.location())
        })
}

/// Walks the graph, unless nothing can be published anyway or a glance shows that nothing is missing.
async fn walk(
    run: &Run,
    job: &Job,
    root: &Root,
    live: &[Live],
    referrers: bool,
    rewritten: bool,
) -> Result<Graph> {
    let options = &run.options;
    if live.is_empty() {
        return Ok(Graph::bare(&root.descriptor, Vec::new()));
    }
    let present: Vec<bool> = live.iter().map(|live| live.present).collect();
    let everywhere = present.iter().all(|present| *present);
    let needs_platforms = !options.require_platforms.is_empty() || !options.platforms.is_empty();
    let needs_graph = options.recheck || needs_platforms || run.gate.looks();
    if everywhere && !referrers && !needs_graph {
        return Ok(Graph::bare(&root.descriptor, present));
    }
    let sinks: Vec<Arc<dyn Sink>> = live
        .iter()
        .map(|live| Arc::clone(&job.targets[live.at].sink))
        .collect();
    let walk = Walk {
        source: &job.source,
        sinks: &sinks,
        referrers,
        whole: options.recheck || needs_platforms,
        limits: options.limits,
    };
    let mut visit = Visit::root(root.descriptor.clone(), present);
    visit.content.clone_from(&root.content);
    // Nobody can have signed an index that was made here a moment ago.
    visit.referrers = !rewritten;
    let graph = walk.from(visit).await?;
    let source = Backed::of(job);
    platforms::require(&options.require_platforms, &graph, &source).await?;
    platforms::require(&options.platforms, &graph, &source).await?;
    Ok(graph)
}

/// What each of the living lacks.
async fn diffs(
    run: &Run,
    job: &Job,
    graph: &Graph,
    live: Vec<Live>,
    probe: Probe,
) -> BTreeMap<usize, Site> {
    let diffs = live.into_iter().enumerate().map(|(site, live)| async move {
        let differ = Differ {
            run,
            graph,
            source: &job.source,
            sink: &job.targets[live.at].sink,
            site,
            probe,
            rootless: live.rootless,
        };
        let diff = match graph.lost.get(site) {
            Some(Some(error)) => Err(error.share()),
            _ if !graph.missing.is_empty() => Ok(Diff::default()),
            _ => differ.diff(&live.standing).await,
        };
        let site = Site {
            standing: live.standing,
            diff,
            missing: graph.missing.clone(),
        };
        (live.at, site)
    });
    join_all(diffs).await.into_iter().collect()
}

/// What there is to say about layers whose bytes may live elsewhere.
pub(crate) fn foreign(run: &Run, graph: &Graph) -> Vec<String> {
    if run.options.include_foreign {
        return Vec::new();
    }
    let layers = graph
        .nodes
        .values()
        .filter_map(|node| node.content.as_ref());
    layers
        .flat_map(|content| &content.foreign)
        .map(|layer| {
            format!(
                "layer {} may live elsewhere ({}) and is left out; --include-foreign carries it",
                layer.digest, layer.media_type
            )
        })
        .collect()
}

impl Site {
    fn lost(standing: Standing, error: Error) -> Self {
        Self {
            standing,
            diff: Err(error),
            missing: Vec::new(),
        }
    }
}
