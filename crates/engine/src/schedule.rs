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
    let mut sinks: BTreeMap<String, Arc<dyn Sink>> = BTreeMap::new();
    let mut report = Report::default();
    run.tell(&Event::RunStarted {
        artifacts: jobs.size_hint().0 as u64,
    });
    let tasks = jobs.map(|(job, planned)| {
        for target in &job.targets {
            let place = target.sink.location().to_string();
            sinks
                .entry(place)
                .or_insert_with(|| Arc::clone(&target.sink));
        }
        let job = Arc::new(job);
        let task = Task::spawn(copy(Arc::clone(run), Arc::clone(&job), planned));
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
    run.tell(&Event::RunFinished {
        copied: report.copied(),
        unchanged: report.unchanged(),
        failed: report.failed(),
        bytes: report.bytes(),
    });
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
