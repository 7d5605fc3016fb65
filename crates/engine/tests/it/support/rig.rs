//! One source, some targets, and an engine between.

use std::sync::Arc;

use futures::{TryStreamExt as _, stream};
use transship_engine::{Engine, Job, Options, Plan, Report, Target};
use transship_oci::{Accept, Digest, Gate, Name, Result, Source as _, Tag};
use transship_registry_server::Local;
use transship_testkit::image::Graph;

use super::{Recorder, Trap, Watched};

/// Runs a test in a runtime of one thread, in which time passes when there is nothing else to do.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

pub(crate) struct Rig {
    pub(crate) source: Arc<Watched>,
    pub(crate) targets: Vec<Arc<Watched>>,
    /// Counts the calls to the source.
    pub(crate) reads: Arc<Trap>,
    /// Counts the calls to all targets.
    pub(crate) writes: Arc<Trap>,
    pub(crate) options: Options,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) gate: Arc<dyn Gate>,
}

impl Rig {
    /// A source with this graph, and so many empty targets.
    pub(crate) async fn new(graph: &Graph, targets: usize) -> Self {
        let source = Local::memory("source");
        graph.push_to(&source).await.unwrap();
        Self::from(source, targets)
    }

    pub(crate) fn from(source: Local, targets: usize) -> Self {
        let (reads, writes) = (Arc::<Trap>::default(), Arc::<Trap>::default());
        let target = |number| Watched::new(Local::memory(&format!("target{number}")), &writes);
        Self {
            source: Watched::new(source, &reads),
            targets: (0..targets).map(target).collect(),
            reads,
            writes,
            options: Options::default(),
            recorder: Recorder::new(),
            gate: Arc::new(Accept),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::new(
            self.options.clone(),
            Arc::clone(&self.recorder) as _,
            Arc::clone(&self.gate),
        )
    }

    /// The job that copies a tag to all targets, under the same tag.
    pub(crate) fn job(&self, tag: &str) -> Job {
        let tag: Tag = tag.parse().unwrap();
        let target = |sink: &Arc<Watched>| Target {
            label: format!("{}:{tag}", sink.inner.location()),
            sink: Arc::clone(sink) as _,
            tags: vec![tag.clone()],
        };
        Job {
            label: format!("source:{tag}"),
            source: Arc::clone(&self.source) as _,
            name: Name::Tag(tag.clone()),
            targets: self.targets.iter().map(target).collect(),
            expect: None,
        }
    }

    pub(crate) async fn copy(&self, tags: &[&str]) -> Report {
        let jobs: Vec<Job> = tags.iter().map(|tag| self.job(tag)).collect();
        self.engine().run(stream::iter(jobs)).await
    }

    /// Copies, and expects nothing to fail.
    pub(crate) async fn copied(&self, tags: &[&str]) -> Report {
        let report = self.copy(tags).await;
        assert!(report.failed() == 0, "{:?}", report.items);
        report
    }

    pub(crate) async fn plan(&self, tags: &[&str]) -> Result<Plan> {
        let jobs: Vec<Job> = tags.iter().map(|tag| self.job(tag)).collect();
        self.engine().plan(stream::iter(jobs)).await
    }

    pub(crate) async fn apply(&self, plan: &Plan, tags: &[&str]) -> Result<Report> {
        let jobs = tags.iter().map(|tag| self.job(tag)).collect();
        self.engine().apply(plan, jobs).await
    }

    /// Forgets the calls counted so far.
    pub(crate) fn clear(&self) {
        self.reads.clear();
        self.writes.clear();
    }
}

/// The tags that somebody sees who looks into a repository, and what they point at.
pub(crate) async fn visible_tags(repository: &Local) -> Vec<(Tag, Digest)> {
    let tags: Vec<Tag> = repository.tags().try_collect().await.unwrap();
    let mut visible = Vec::new();
    for tag in tags {
        let found = repository.resolve(&Name::Tag(tag.clone())).await.unwrap();
        visible.push((tag, found.digest));
    }
    visible
}

/// What a tag of a graph points at.
pub(crate) fn digest_of(graph: &Graph, tag: &str) -> Digest {
    graph.tagged(tag).unwrap().digest()
}
