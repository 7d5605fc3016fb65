//! A look at a whole set of jobs before anything moves for any of them.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use futures::{Stream, StreamExt as _, stream};
use transship_oci::{Descriptor, Digest, Error, ErrorKind, Event, Result, Side, Sink, Tag};

use crate::{
    Item, Job, Report, TagAction, Target, admit,
    context::Run,
    copy::{failed, go_on},
    diff::Probe,
    gather,
    look::conflict,
    missing,
    prepare::{Prepared, Site, prepare},
    schedule::perform_all,
    shelf::Shelf,
    task::Task,
};

/// What a look at a set of jobs found. Nothing was written, and no layer was read.
///
/// What was learnt is held, so that going on asks nothing again: a survey is for sets whose manifests fit into memory,
/// as those of an archive do.
#[derive(Debug)]
pub struct Survey {
    run: Arc<Run>,
    surveyed: Vec<Surveyed>,
    problems: Vec<Item>,
}

#[derive(Debug)]
struct Surveyed {
    job: Arc<Job>,
    prepared: Result<Prepared>,
    /// What the gate said against it.
    refusal: Option<Error>,
}

/// Looks at all jobs, as many at once as the options say.
pub(crate) async fn survey_all(run: &Arc<Run>, jobs: impl Stream<Item = Job> + Send) -> Survey {
    run.tell(&Event::RunStarted {
        artifacts: jobs.size_hint().0 as u64,
    });
    let tasks = jobs.map(|job| {
        let (job, run) = (Arc::new(job), Arc::clone(run));
        let looked_at = Arc::clone(&job);
        let task = Task::spawn(async move { Box::pin(look(&run, &looked_at)).await });
        async move { (job, task.await.and_then(|looked| looked)) }
    });
    let mut surveyed = Vec::new();
    let mut shelf = Shelf::new(run.options.limits.gathered);
    let mut looks = std::pin::pin!(tasks.buffered(run.options.parallel.max(1)));
    while let Some((job, looked)) = looks.next().await {
        surveyed.push(Surveyed::of(job, looked, &mut shelf));
    }
    // Only now it is known what there is at every target.
    for one in &mut surveyed {
        if let Ok(prepared) = &mut one.prepared {
            missing::settle(run, &one.job, prepared);
        }
    }
    collide(&mut surveyed);
    let problems = surveyed.iter().flat_map(Surveyed::problems).collect();
    Survey {
        run: Arc::clone(run),
        surveyed,
        problems,
    }
}

/// What there is to know of one job, and what the gate says.
async fn look(run: &Run, job: &Job) -> Result<(Prepared, Option<Error>)> {
    let prepared = prepare(run, job, Probe::Thrifty).await?;
    prepared.tell_notices(run, job);
    let lost = prepared.sites.iter().all(|site| site.diff.is_err());
    let verdict = if lost && run.gate.looks() {
        // A tag stands in its way, and nothing was walked; who mends that shall not find the next fault after it.
        let (root, _, graph) = Box::pin(gather::walk(run, job, &mut Vec::new())).await?;
        admit::walked(run, job, &graph, &root.descriptor).await
    } else {
        admit::at_source(run, job, &prepared).await
    };
    Ok((prepared, verdict.err()))
}

/// Two artifacts of one set cannot have the same tag: the later one is refused.
fn collide(surveyed: &mut [Surveyed]) {
    let mut claims: HashMap<(String, Tag), (String, Digest)> = HashMap::new();
    for one in surveyed.iter_mut().filter(|one| one.refusal.is_none()) {
        let Ok(prepared) = &mut one.prepared else {
            continue;
        };
        let root = prepared.root.digest;
        for (target, site) in one.job.targets.iter().zip(&mut prepared.sites) {
            if site.diff.is_err() {
                continue;
            }
            let at = target.sink.location();
            for tag in &target.tags {
                match claims.entry((at.to_string(), tag.clone())) {
                    Entry::Vacant(free) => {
                        free.insert((one.job.label.clone(), root));
                    }
                    Entry::Occupied(claim) if claim.get().1 == root => {}
                    Entry::Occupied(claim) => {
                        let error = claimed(tag, root, claim.get());
                        site.diff = Err(error.on(Side::Target).at(at));
                    }
                }
            }
        }
    }
}

fn claimed(tag: &Tag, root: Digest, (label, other): &(String, Digest)) -> Error {
    let message = format!("tag {tag} would be {root} here, and {other} for {label}");
    Error::new(ErrorKind::Conflict, message)
        .hinting("send the two to different repositories, or give them different tags")
}

impl Survey {
    /// Everything that stands in the way, one entry each, in the order of the jobs; the same artifact may be there
    /// several times.
    pub fn problems(&self) -> &[Item] {
        &self.problems
    }

    /// What the sources count on and the targets lack, with the target references where it is missing.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &Descriptor)> {
        self.problems.iter().flat_map(|item| {
            let target = item.target.as_str();
            item.missing.iter().map(move |node| (target, node))
        })
    }

    /// Bytes of blobs that going on would send: at most, as some may be mounted.
    pub fn bytes(&self) -> u64 {
        let sites = self.surveyed.iter().flat_map(Surveyed::good);
        let blobs = sites.flat_map(|site| site.diff.iter().flat_map(|diff| diff.blobs.values()));
        blobs.map(|blob| blob.size).fold(0, u64::saturating_add)
    }

    /// Copies what nothing stands in the way of. The rest is in the report as not done.
    ///
    /// Dropping the future stops at once; what is at the targets then is consistent, and another run goes on.
    pub async fn proceed(self) -> Report {
        let run = self.run;
        let work = self.surveyed.into_iter().map(|one| {
            let job = Arc::clone(&one.job);
            (job, Box::pin(one.perform(Arc::clone(&run))))
        });
        perform_all(&run, stream::iter(work)).await
    }

    /// Leaves it at that: the report has every problem, and nothing is done.
    pub fn refuse(self) -> Report {
        for item in &self.problems {
            self.run.tell(&item.event());
        }
        let report = Report {
            items: self.problems,
        };
        report.tell_end(&self.run);
        report
    }
}

impl Surveyed {
    fn of(job: Arc<Job>, looked: Result<(Prepared, Option<Error>)>, shelf: &mut Shelf) -> Self {
        let shelved = looked.and_then(|(mut prepared, refusal)| {
            let nodes = prepared.graph.nodes.values_mut();
            let contents = nodes.filter_map(|node| node.content.as_mut());
            let held = shelf.take(contents.map(|content| &mut content.manifest).collect());
            held.map_err(|error| error.at(&job.label))?;
            Ok((prepared, refusal))
        });
        let (prepared, refusal) = match shelved {
            Ok((prepared, refusal)) => (Ok(prepared), refusal),
            Err(error) => (Err(error), None),
        };
        Self {
            job,
            prepared,
            refusal,
        }
    }

    /// Sites where something would be done.
    fn good(&self) -> impl Iterator<Item = &Site> {
        let refused = self.refusal.is_some();
        let prepared = self.prepared.iter().filter(move |_| !refused);
        prepared.flat_map(|prepared| &prepared.sites)
    }

    fn problems(&self) -> Vec<Item> {
        let everywhere = |error: &Error| -> Vec<Item> {
            let targets = self.job.targets.iter();
            targets
                .map(|target| self.problem(target, error.share()))
                .collect()
        };
        let prepared = match &self.prepared {
            Ok(prepared) => prepared,
            Err(error) => return everywhere(error),
        };
        let mut problems: Vec<Item> = self.refusal.iter().flat_map(everywhere).collect();
        for (target, site) in self.job.targets.iter().zip(&prepared.sites) {
            let Err(error) = &site.diff else { continue };
            let tags = refused(site, prepared.root.digest, target.sink.as_ref());
            if error.kind() == ErrorKind::Conflict && !tags.is_empty() {
                problems.extend(tags.into_iter().map(|error| self.problem(target, error)));
            } else {
                problems.push(Item {
                    missing: site.missing.clone(),
                    ..self.problem(target, error.share())
                });
            }
        }
        problems
    }

    fn problem(&self, target: &Target, error: Error) -> Item {
        let prepared = self.prepared.as_ref().ok();
        Item {
            found: prepared.map(|prepared| prepared.found),
            digest: prepared.map(|prepared| prepared.root.digest),
            ..Item::lost(self.job.label.clone(), target.label.clone(), error)
        }
    }

    async fn perform(self, run: Arc<Run>) -> Vec<Item> {
        let (error, digest) = match (self.prepared, self.refusal) {
            (Ok(prepared), None) => return go_on(run, self.job, prepared).await,
            (Ok(prepared), Some(error)) => (error, Some(prepared.root.digest)),
            (Err(error), _) => (error, None),
        };
        let targets = self.job.targets.iter();
        targets
            .map(|target| failed(&run, &self.job, target, digest, &error))
            .collect()
    }
}

/// The errors of all tags that point elsewhere and may not be moved.
fn refused(site: &Site, root: Digest, sink: &dyn Sink) -> Vec<Error> {
    // Where tags may be moved, none stands in the way.
    let actions = site.standing.actions(root, false);
    actions
        .filter(|(_, action, _)| *action == TagAction::Refused)
        .filter_map(|(tag, _, current)| {
            let error = conflict(tag, &current?.to_string(), &root);
            Some(error.on(Side::Target).at(sink.location()))
        })
        .collect()
}
