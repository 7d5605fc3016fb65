//! The schedule: jobs in flight, never more than asked for, and each in a task of its own.

use std::{collections::BTreeMap, sync::Arc};

use futures::{Stream, StreamExt as _};
use transship_oci::{Error, Event, Side, Sink};

use crate::{
    Item, Job, PlannedJob, Report,
    context::Run,
    copy::{copy, failed},
    task::Task,
};

/// Runs all jobs, then completes the sinks.
///
/// What is held is the jobs in flight, one line of report for each that ended, and one sink for each place.
pub(crate) async fn run_all(
    run: &Arc<Run>,
    jobs: impl Stream<Item = (Job, Option<PlannedJob>)> + Send,
) -> Report {
    run.tell(&Event::RunStarted {
        artifacts: jobs.size_hint().0 as u64,
    });
    let work = jobs.map(|(job, planned)| {
        let job = Arc::new(job);
        let work = copy(Arc::clone(run), Arc::clone(&job), planned);
        (job, work)
    });
    perform_all(run, work).await
}

/// Performs what each job needs, then completes the sinks.
pub(crate) async fn perform_all<W>(
    run: &Arc<Run>,
    work: impl Stream<Item = (Arc<Job>, W)> + Send,
) -> Report
where
    W: Future<Output = Vec<Item>> + Send + 'static,
{
    let mut sinks: BTreeMap<String, Arc<dyn Sink>> = BTreeMap::new();
    let mut report = Report::default();
    let tasks = work.map(|(job, work)| {
        for target in &job.targets {
            let place = target.sink.location().to_string();
            sinks
                .entry(place)
                .or_insert_with(|| Arc::clone(&target.sink));
        }
        let task = Task::spawn(work);
        async move { (job, task.await) }
    });
    let ended = tasks.buffer_unordered(run.options.parallel.max(1));
    let mut ended = Box::pin(ended);
    while let Some((job, items)) = ended.next().await {
        let broken = |error: Error| {
            let targets = job.targets.iter();
            targets
                .map(|target| failed(run, &job, target, None, &error))
                .collect()
        };
        report.items.extend(items.unwrap_or_else(broken));
    }
    drop(ended);
    for sink in sinks.values() {
        report.items.extend(finish(run, sink).await);
    }
    report.tell_end(run);
    report
}

/// Completes one sink; an entry of its own if it cannot be.
async fn finish(run: &Run, sink: &Arc<dyn Sink>) -> Option<Item> {
    let place = sink.location();
    let error = sink
        .finish()
        .await
        .err()?
        .op("complete")
        .on(Side::Target)
        .at(place);
    let item = Item::lost(String::new(), place.to_string(), error);
    run.tell(&item.event());
    Some(item)
}
