//! The engine: the things it can do.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use transship_oci::{Descriptor, Gate, Observer, Result, Sink};

use crate::{
    Gathering, Job, Options, Plan, Report, Survey, carry::carry_all, context::Run, draft::plan_all,
    drift, gather::gather_all, once::Ledger, schedule::run_all, survey::survey_all,
};

/// Copies artifacts between repositories. Must be used within a tokio runtime.
#[derive(Debug, Clone)]
pub struct Engine {
    options: Arc<Options>,
    observer: Arc<dyn Observer>,
    gate: Arc<dyn Gate>,
}

impl Engine {
    /// An engine that copies as `options` say, tells `observer`, and publishes what `gate` admits.
    pub fn new(options: Options, observer: Arc<dyn Observer>, gate: Arc<dyn Gate>) -> Self {
        Self {
            options: Arc::new(options),
            observer,
            gate,
        }
    }

    /// Finds out what a run would do. Reads only.
    ///
    /// Its bytes are those that [`Engine::apply`] sends. [`Engine::run`] sends the same, except that it may send a
    /// small blob again that a target already has from an earlier run, where asking would cost as much.
    ///
    /// # Errors
    /// The first that stands in the way of a complete plan. A tag that may not be moved does not: it is part of the
    /// plan, as [`TagAction::Refused`](crate::TagAction::Refused). What the gate refuses does.
    pub async fn plan(&self, jobs: impl Stream<Item = Job> + Send) -> Result<Plan> {
        plan_all(&self.start(), jobs).await
    }

    /// Copies. Dropping the future stops at once; what is at the targets then is consistent, and a second run goes on.
    pub async fn run(&self, jobs: impl Stream<Item = Job> + Send) -> Report {
        run_all(&self.start(), jobs.map(|job| (job, None))).await
    }

    /// Plans again, and copies if nothing differs from `plan`.
    ///
    /// # Errors
    /// `Drift`, naming the first difference; then nothing was written. An artifact that drifts after that look, while
    /// others are being copied, is a failed entry of the report.
    pub async fn apply(&self, plan: &Plan, jobs: Vec<Job>) -> Result<Report> {
        let now = self.plan(stream::iter(jobs.clone())).await?;
        if let Some(drift) = drift::between(plan, &now) {
            return Err(drift);
        }
        let held = jobs.into_iter().zip(now.jobs.into_iter().map(Some));
        Ok(run_all(&self.start(), stream::iter(held)).await)
    }

    /// Looks at a whole set of jobs before anything moves for any of them: tags that point elsewhere, tags that two of
    /// them want, what the gate says of each, and what a source counts on and a target lacks. Reads only.
    ///
    /// [`Survey::proceed`] copies, and asks nothing again. Artifacts that something stands in the way of are left out
    /// there; whoever wants all or nothing looks at [`Survey::problems`] first.
    pub async fn survey(&self, jobs: impl Stream<Item = Job> + Send) -> Survey {
        survey_all(&self.start(), jobs).await
    }

    /// Brings artifacts in hand: every manifest of each is read, what belongs to it is listed, and the gate has
    /// admitted it. No layer is touched. The targets of the jobs do not matter; a job needs none.
    ///
    /// What cannot be gathered is told apart from the rest, and does not keep the rest back.
    pub async fn gather(&self, jobs: impl Stream<Item = Job> + Send) -> Gathering {
        gather_all(&self.start(), jobs).await
    }

    /// Carries what was gathered into a sink that takes one blob after another and shows nothing before it is
    /// finished, such as an archive. `order` is the order in which the sink takes them; what is gathered and not listed
    /// there is not carried.
    ///
    /// All or nothing: where anything fails, the sink is not finished. Dropping the future stops at once; a second call
    /// with the same gathering goes on where the sink remembers to be.
    ///
    /// # Errors
    /// The first thing that failed.
    pub async fn carry(
        &self,
        gathering: &Gathering,
        sink: Arc<dyn Sink>,
        order: &[Descriptor],
    ) -> Result<Report> {
        carry_all(&self.start(), gathering, sink, order).await
    }

    fn start(&self) -> Arc<Run> {
        Arc::new(Run {
            options: Arc::clone(&self.options),
            observer: Arc::clone(&self.observer),
            gate: Arc::clone(&self.gate),
            blobs: Ledger::of_blobs(),
            manifests: Ledger::of_manifests(),
        })
    }
}
