//! Drafting a plan: what was found out about each job, less what another job of the same run does already.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use futures::{Stream, StreamExt as _};
use transship_oci::{Descriptor, Digest, Error, ErrorKind, Location, Repository, Result};

use crate::{
    Job, PLAN_VERSION, Piece, Plan, PlannedJob, PlannedReferrer, PlannedTag, PlannedTarget,
    TagAction, Target, Totals, admit,
    context::Run,
    cost,
    diff::{Diff, Probe},
    job::home,
    missing,
    prepare::{Prepared, Site, prepare},
    task::Task,
};

/// Prepares all jobs and drafts the plan of them.
pub(crate) async fn plan_all(run: &Arc<Run>, jobs: impl Stream<Item = Job> + Send) -> Result<Plan> {
    let tasks = jobs.map(|job| {
        let run = Arc::clone(run);
        Task::spawn(async move {
            let mut prepared = Box::pin(prepare(&run, &job, Probe::Exact)).await?;
            missing::settle(&run, &job, &mut prepared);
            admit::at_source(&run, &job, &prepared).await?;
            let requests = cost::of(&job, &prepared, &run.options);
            Ok((job, prepared, requests))
        })
    });
    let mut prepared = std::pin::pin!(tasks.buffered(run.options.parallel.max(1)));
    let mut draft = Draft::default();
    while let Some(prepared) = prepared.next().await {
        let (job, prepared, requests): (Job, Prepared, Totals) = prepared??;
        draft.add(&job, &prepared, requests)?;
    }
    Ok(draft.finish())
}

#[derive(Default)]
struct Draft {
    jobs: Vec<PlannedJob>,
    totals: Totals,
    /// Manifests that an earlier entry of the plan puts.
    put: HashSet<(String, Digest)>,
    /// Blobs that an earlier entry of the plan places, by registry (or place, where there is none).
    placed: HashMap<(String, Digest), HashSet<String>>,
}

impl Draft {
    fn add(&mut self, job: &Job, prepared: &Prepared, requests: Totals) -> Result<()> {
        let mut targets = Vec::with_capacity(prepared.sites.len());
        for (target, site) in job.targets.iter().zip(&prepared.sites) {
            targets.push(self.target(job, prepared, target, site)?);
        }
        self.totals.source_requests += requests.source_requests;
        self.totals.target_requests += requests.target_requests;
        self.totals.pulls += requests.pulls;
        let referrer = |edge: &crate::graph::Edge| PlannedReferrer {
            subject: edge.subject,
            digest: edge.digest(),
            tag: edge.tag().map(ToString::to_string),
        };
        self.jobs.push(PlannedJob {
            source: job.label.clone(),
            digest: prepared.found,
            publishes: prepared.root.digest,
            referrers: prepared.graph.edges.iter().map(referrer).collect(),
            notices: prepared.notices.clone(),
            targets,
        });
        Ok(())
    }

    fn target(
        &mut self,
        job: &Job,
        prepared: &Prepared,
        target: &Target,
        site: &Site,
    ) -> Result<PlannedTarget> {
        let root = prepared.root.digest;
        // A refused tag is part of the plan, for people to see; nothing else that stands in the way is.
        let refused = site
            .diff
            .as_ref()
            .err()
            .filter(|error| error.kind() == ErrorKind::Conflict);
        let nothing = Diff::default();
        let diff = match (&site.diff, refused) {
            (Ok(diff), _) => diff,
            (Err(_), Some(_)) => &nothing,
            (Err(error), None) => return Err(error.share()),
        };
        let at = target.sink.location();
        let (blobs, mounts) = self.blobs(job, at, diff);
        let below = prepared.graph.closure([root]);
        let (manifests, referrers) = self.manifests(prepared, at, diff, &below);
        self.totals.blobs += blobs.len() as u64;
        self.totals.manifests += (manifests.len() + referrers.len()) as u64;
        let sizes = blobs.iter().map(|blob| blob.size);
        self.totals.bytes = sizes.fold(self.totals.bytes, u64::saturating_add);
        let mut planned = PlannedTarget {
            target: target.label.clone(),
            tags: tags(site, root, diff),
            blobs,
            mounts,
            manifests,
            referrers,
            legacy_tags: legacy(diff),
            reasons: Vec::new(),
        };
        planned.reasons = reasons(&planned, &root, refused);
        Ok(planned)
    }

    /// Blobs to send, and blobs to mount because they will be in another repository of the registry by then.
    fn blobs(&mut self, job: &Job, at: &Location, diff: &Diff) -> (Vec<Piece>, Vec<Piece>) {
        let place = at.to_string();
        let group = at.registry().unwrap_or(&place).to_owned();
        let home = home(job.source.as_ref()).map(Repository::registry);
        let home = home.is_some() && home == at.registry();
        let (mut send, mut mount) = (Vec::new(), Vec::new());
        for blob in diff.blobs.values() {
            let places = self.placed.entry((group.clone(), blob.digest)).or_default();
            if places.contains(&place) {
                continue;
            }
            // What the source does not hold can be had no other way.
            let list = if home || !places.is_empty() || job.source.lacks(blob) {
                &mut mount
            } else {
                &mut send
            };
            list.push(piece(blob));
            places.insert(place.clone());
        }
        (send, mount)
    }

    /// Manifests of the artifact itself, and manifests that belong to it.
    fn manifests(
        &mut self,
        prepared: &Prepared,
        at: &Location,
        diff: &Diff,
        below: &BTreeSet<Digest>,
    ) -> (Vec<Piece>, Vec<Piece>) {
        let place = at.to_string();
        let put = &mut self.put;
        let fresh = diff
            .manifests
            .iter()
            .filter(|digest| put.insert((place.clone(), **digest)));
        let (own, others): (Vec<&Digest>, Vec<&Digest>) =
            fresh.partition(|digest| below.contains(digest));
        let pieces = |digests: Vec<&Digest>| {
            let nodes = digests
                .into_iter()
                .filter_map(|digest| prepared.graph.nodes.get(digest));
            nodes.map(|node| piece(&node.descriptor)).collect()
        };
        (pieces(own), pieces(others))
    }

    fn finish(self) -> Plan {
        Plan {
            version: PLAN_VERSION,
            jobs: self.jobs,
            totals: self.totals,
        }
    }
}

fn piece(descriptor: &Descriptor) -> Piece {
    Piece {
        digest: descriptor.digest,
        size: descriptor.size,
    }
}

/// The tags asked for, and what becomes of each.
fn tags(site: &Site, root: Digest, diff: &Diff) -> Vec<PlannedTag> {
    // Whether tags may be moved shows in whether they are to be set.
    let move_tags = site.diff.is_ok() && !diff.tags.is_empty();
    let planned = site.standing.actions(root, move_tags);
    planned
        .map(|(tag, action, current)| PlannedTag {
            tag: tag.to_string(),
            action,
            current,
        })
        .collect()
}

fn legacy(diff: &Diff) -> Vec<PlannedTag> {
    let action = |current: Option<Digest>| match current {
        Some(_) => TagAction::Move,
        None => TagAction::Create,
    };
    diff.legacy
        .iter()
        .map(|legacy| PlannedTag {
            tag: legacy.tag.to_string(),
            action: action(legacy.current),
            current: legacy.current,
        })
        .collect()
}

/// Why, in sentences.
fn reasons(planned: &PlannedTarget, root: &Digest, refused: Option<&Error>) -> Vec<String> {
    if let Some(error) = refused {
        return vec![error.to_string()];
    }
    let mut reasons = Vec::new();
    for PlannedTag {
        tag,
        action,
        current,
    } in &planned.tags
    {
        let current = current.map(|digest| digest.to_string()).unwrap_or_default();
        match action {
            TagAction::Create => reasons.push(format!("tag {tag} does not exist")),
            TagAction::Move => reasons.push(format!("tag {tag} is {current} and becomes {root}")),
            TagAction::Unchanged | TagAction::Refused => {}
        }
    }
    let mut count = |number: usize, what: &str| {
        if number > 0 {
            reasons.push(format!("{what}: {number}"));
        }
    };
    count(planned.manifests.len(), "missing manifests");
    count(planned.referrers.len(), "missing referrers");
    count(planned.blobs.len(), "missing blobs");
    count(
        planned.mounts.len(),
        "missing blobs that will be in another repository of the registry",
    );
    count(
        planned.legacy_tags.len(),
        "signature tags missing or behind",
    );
    if reasons.is_empty() {
        reasons.push("everything is there".to_owned());
    }
    reasons
}
