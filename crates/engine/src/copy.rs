//! One job: prepared, admitted, its blobs moved, and published target by target.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{
    StreamExt as _,
    future::{join, join_all},
    stream,
};
use tokio::sync::mpsc;
use transship_oci::{Descriptor, Digest, Error, ErrorKind, Event, Placed, Result};

use crate::{
    Item, Job, Moved, Outcome, PlannedJob, Target, admit,
    context::Run,
    diff::{Diff, Probe},
    drift,
    graph::Edge,
    missing,
    prepare::{Prepared, Site, prepare},
    publish::Publication,
    task::Task,
    transfer::{Transfer, Want},
};

/// Blobs of one artifact on their way at once; the hosts' budgets are the narrower gate.
const AT_ONCE: usize = 64;

/// Copies one job. `planned` holds it to a plan.
pub(crate) async fn copy(run: Arc<Run>, job: Arc<Job>, planned: Option<PlannedJob>) -> Vec<Item> {
    let probe = if planned.is_some() {
        Probe::Exact
    } else {
        Probe::Thrifty
    };
    let prepared = Box::pin(prepare(&run, &job, probe))
        .await
        .and_then(|prepared| {
            let drift = planned.and_then(|planned| drift::since(&planned, &job, &prepared));
            drift.map_or(Ok(prepared), Err)
        });
    match prepared {
        Ok(mut prepared) => {
            missing::settle(&run, &job, &mut prepared);
            Box::pin(Copying::new(&run, &job, prepared).perform()).await
        }
        Err(error) => job
            .targets
            .iter()
            .map(|target| failed(&run, &job, target, None, &error))
            .collect(),
    }
}

/// Copies a job that was prepared and admitted before.
pub(crate) async fn go_on(run: Arc<Run>, job: Arc<Job>, prepared: Prepared) -> Vec<Item> {
    let copying = Copying::new(&run, &job, prepared);
    copying.tell_plan();
    Box::pin(copying.move_and_publish()).await
}

/// The entry of an artifact that is not done at one target.
pub(crate) fn failed(
    run: &Run,
    job: &Job,
    target: &Target,
    digest: Option<Digest>,
    error: &Error,
) -> Item {
    item(
        run,
        job,
        target,
        digest,
        Outcome::Failed(error.share()),
        Moved::default(),
    )
}

/// An entry of the report, told to those who look on.
fn item(
    run: &Run,
    job: &Job,
    target: &Target,
    digest: Option<Digest>,
    outcome: Outcome,
    moved: Moved,
) -> Item {
    let item = Item {
        source: job.label.clone(),
        target: target.label.clone(),
        found: None,
        digest,
        referrers: Vec::new(),
        outcome,
        moved,
        missing: Vec::new(),
    };
    run.tell(&item.event());
    item
}

struct Copying<'a> {
    run: &'a Arc<Run>,
    job: &'a Arc<Job>,
    prepared: Prepared,
}

/// The blobs of one target, as they come to be there.
struct Arrivals {
    expected: usize,
    placed: mpsc::UnboundedReceiver<Result<Placed>>,
}

impl<'a> Copying<'a> {
    fn new(run: &'a Arc<Run>, job: &'a Arc<Job>, prepared: Prepared) -> Self {
        Self { run, job, prepared }
    }

    async fn perform(&self) -> Vec<Item> {
        self.prepared.tell_notices(self.run, self.job);
        self.tell_plan();
        if let Err(error) = admit::at_source(self.run, self.job, &self.prepared).await {
            let digest = Some(self.prepared.root.digest);
            let targets = self.job.targets.iter();
            return targets
                .map(|target| failed(self.run, self.job, target, digest, &error))
                .collect();
        }
        self.move_and_publish().await
    }

    async fn move_and_publish(&self) -> Vec<Item> {
        let (blobs, arrivals) = self.share_out();
        let targets = self
            .job
            .targets
            .iter()
            .zip(&self.prepared.sites)
            .zip(arrivals);
        let publications =
            targets.map(|((target, site), arrivals)| self.complete(target, site, arrivals));
        join(self.move_blobs(blobs), join_all(publications)).await.1
    }

    /// One target, from the arrival of its blobs to its entry in the report.
    async fn complete(&self, target: &Target, site: &Site, arrivals: Arrivals) -> Item {
        let mut moved = Moved::default();
        let outcome = match &site.diff {
            Err(error) => Outcome::Failed(error.share()),
            Ok(diff) if diff.is_empty() => {
                let (graph, sink) = (&self.prepared.graph, target.sink.as_ref());
                match admit::as_it_stands(self.run, self.job, graph, sink).await {
                    Ok(()) => Outcome::Unchanged,
                    Err(error) => Outcome::Failed(error),
                }
            }
            Ok(diff) => match self.publish(target, diff, arrivals, &mut moved).await {
                Ok(()) => Outcome::Copied,
                Err(error) => Outcome::Failed(error),
            },
        };
        let digest = Some(self.prepared.root.digest);
        let referrers: BTreeSet<Digest> =
            self.prepared.graph.edges.iter().map(Edge::digest).collect();
        Item {
            missing: self.missing(target, site, &outcome),
            found: Some(self.prepared.found),
            referrers: referrers.into_iter().collect(),
            ..item(self.run, self.job, target, digest, outcome, moved)
        }
    }

    /// What kept a target from being done that somebody else could give.
    fn missing(&self, target: &Target, site: &Site, outcome: &Outcome) -> Vec<Descriptor> {
        match (outcome, &site.diff) {
            (Outcome::Failed(_), Ok(diff)) => {
                let blobs = diff.blobs.values();
                missing::still(self.run, self.job, target.sink.as_ref(), blobs)
            }
            _ => site.missing.clone(),
        }
    }

    fn tell_plan(&self) {
        let diffs = || {
            self.prepared
                .sites
                .iter()
                .filter_map(|site| site.diff.as_ref().ok())
        };
        let blobs = || diffs().flat_map(|diff| diff.blobs.values());
        self.run.tell(&Event::Planned {
            source: self.job.label.clone(),
            bytes: blobs().map(|blob| blob.size).fold(0, u64::saturating_add),
            blobs: blobs().count() as u64,
            manifests: diffs().map(|diff| diff.manifests.len() as u64).sum(),
            referrers: self.prepared.graph.edges.len() as u64,
        });
    }

    /// Who wants which blob, and for each target the end at which it hears of its own.
    fn share_out(&self) -> (Vec<(Descriptor, Vec<Want>)>, Vec<Arrivals>) {
        let mut blobs: BTreeMap<Digest, (Descriptor, Vec<Want>)> = BTreeMap::new();
        let mut arrivals = Vec::with_capacity(self.prepared.sites.len());
        for (target, site) in self.job.targets.iter().zip(&self.prepared.sites) {
            let (sender, placed) = mpsc::unbounded_channel();
            let wanted = site.diff.iter().flat_map(|diff| diff.blobs.values());
            let mut expected = 0;
            for blob in wanted {
                expected += 1;
                let entry = blobs
                    .entry(blob.digest)
                    .or_insert_with(|| (blob.clone(), Vec::new()));
                entry.1.push(Want {
                    sink: Arc::clone(&target.sink),
                    placed: sender.clone(),
                });
            }
            arrivals.push(Arrivals { expected, placed });
        }
        let mut blobs: Vec<_> = blobs.into_values().collect();
        // The longest first: what takes longest then ends with the rest, not after it.
        blobs.sort_by_key(|(blob, _)| std::cmp::Reverse(blob.size));
        (blobs, arrivals)
    }

    async fn move_blobs(&self, blobs: Vec<(Descriptor, Vec<Want>)>) {
        let transfers = stream::iter(blobs).map(|(blob, wants)| {
            let transfer = Transfer {
                run: Arc::clone(self.run),
                label: self.job.label.clone(),
                source: Arc::clone(&self.job.source),
                blob,
            };
            Task::spawn(transfer.to(wants))
        });
        // A transfer that broke down has dropped its senders; the targets see that it is missing.
        transfers
            .buffer_unordered(AT_ONCE)
            .for_each(|_| async {})
            .await;
    }

    async fn publish(
        &self,
        target: &Target,
        diff: &Diff,
        mut arrivals: Arrivals,
        moved: &mut Moved,
    ) -> Result<()> {
        for _ in 0..arrivals.expected {
            match arrivals.placed.recv().await {
                Some(Ok(Placed::Present)) => {}
                Some(Ok(Placed::Mounted)) => moved.mounted += 1,
                Some(Ok(Placed::Sent(bytes))) => {
                    moved.blobs += 1;
                    moved.bytes += bytes;
                }
                Some(Err(error)) => return Err(error),
                None => {
                    return Err(
                        Error::new(ErrorKind::Internal, "a blob got lost on the way")
                            .at(&target.label),
                    );
                }
            }
        }
        // Nobody sends any more, and nothing listens: what follows is about manifests.
        drop(arrivals);
        let graph = &self.prepared.graph;
        let publication = Publication::new(self.run, self.job, graph, &target.sink, diff);
        Box::pin(publication.publish(moved)).await
    }
}
