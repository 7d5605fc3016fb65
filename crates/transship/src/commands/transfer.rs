//! What `copy` and `sync` have in common: a plan that is shown, or a run that is reported.

use std::path::Path;

use futures::stream;
use transship_engine::{Engine, Job, Plan, Report, TagAction};
use transship_oci::{ErrorKind, Platform, Reference, Result, Side};

use super::{
    plan_file::{self, Chosen, PlanFile},
    report::{Preview, Summary},
    suggest,
};
use crate::{app::App, args::Choices, exit::Exit, scribe::Scribe, trust::Guard};

/// What to do with the jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode<'a> {
    /// Write a plan there.
    pub(super) plan: Option<&'a Path>,
    /// How to copy.
    pub(super) choices: &'a Choices,
    /// Only these platforms.
    pub(super) platforms: &'a [Platform],
    /// What lets artifacts pass.
    pub(super) guard: &'a Guard,
    /// The one source, where there is one: if its tag is not there, the nearest is named.
    pub(super) source: Option<&'a Reference>,
}

/// Plans or copies, as the mode says.
pub(super) async fn run(
    app: &App,
    engine: &Engine,
    jobs: Vec<Job>,
    mode: Mode<'_>,
) -> Result<Exit> {
    if mode.plan.is_some() || mode.choices.dry_run {
        let plan = Box::pin(engine.plan(stream::iter(jobs))).await;
        app.progress.end();
        return preview(app, plan?, mode);
    }
    // Before anything moves: nobody shall wait for a long run that ends without its statement.
    let scribe = Scribe::new(app, &mode.choices.record)?;
    let report = Box::pin(engine.run(stream::iter(jobs))).await;
    app.progress.end();
    app.output.result(&Summary::of(&report))?;
    if let Some(scribe) = scribe {
        scribe.state(app, &report, mode.guard).await?;
    }
    if let (Some(source), Some((_, error))) = (mode.source, report.errors().next())
        && error.side() == Some(Side::Source)
        && report.copied() + report.unchanged() == 0
    {
        return Err(suggest::tag(&app.source(&source.repository)?, source, error.share()).await);
    }
    Ok(conclude(app, &report, mode.choices.exit_nothing))
}

/// Says what failed, and finds the exit.
pub(super) fn conclude(app: &App, report: &Report, exit_nothing: bool) -> Exit {
    for (_, error) in report.errors() {
        app.output.error(error);
    }
    if exit_nothing && report.copied() == 0 && report.failed() == 0 {
        return Exit::Nothing;
    }
    let done = report.copied() + report.unchanged();
    Exit::of_run(done, report.errors().map(|(_, error)| error))
}

/// Does a tag stand in the way of the plan?
pub(super) fn is_refused(plan: &Plan) -> bool {
    tags(plan).any(|action| action == TagAction::Refused)
}

fn preview(app: &App, plan: Plan, mode: Mode<'_>) -> Result<Exit> {
    let refused = is_refused(&plan);
    let nothing = plan.totals.manifests == 0
        && plan.totals.blobs == 0
        && tags(&plan).all(|action| action == TagAction::Unchanged);
    match mode.plan {
        Some(path) => {
            let file = PlanFile {
                choices: Chosen::of(&mode),
                plan,
            };
            plan_file::write(app, path, &file)?;
            if path != Path::new("-") {
                app.output.result(&Preview(&file.plan))?;
            }
        }
        None => app.output.result(&Preview(&plan))?,
    }
    Ok(match (refused, nothing && mode.choices.exit_nothing) {
        (true, _) => Exit::Failed(ErrorKind::Conflict),
        (false, true) => Exit::Nothing,
        (false, false) => Exit::Done,
    })
}

fn tags(plan: &Plan) -> impl Iterator<Item = TagAction> {
    plan.jobs
        .iter()
        .flat_map(|job| &job.targets)
        .flat_map(|target| &target.tags)
        .map(|tag| tag.action)
}
