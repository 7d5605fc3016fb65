//! `apply PLAN`

use transship_engine::{Job, PlannedJob};
use transship_oci::{Error, ErrorKind, Reference, Result};

use super::{
    copy,
    plan_file::{self, Under},
    report::Summary,
    transfer,
};
use crate::{app::App, args::Apply, exit::Exit, files, scribe::Scribe};

pub(super) async fn run(app: &App, args: &Apply) -> Result<Exit> {
    let file = plan_file::read(&args.plan)?;
    let guard = Under::guard(file.choices.policy.as_ref(), app, args.policy.as_deref())?;
    let (choices, platforms) = file.choices.to_choices()?;
    let jobs = file
        .plan
        .jobs
        .iter()
        .map(|planned| job(app, planned).map_err(|error| error.at(files::name(&args.plan))))
        .collect::<Result<Vec<_>>>()?;
    let engine = app.engine(&choices, &guard, |options| options.platforms = platforms);
    if args.dry_run {
        let now = Box::pin(engine.plan(futures::stream::iter(jobs))).await?;
        app.progress.end();
        if let Some(drift) = file.plan.drift(&now) {
            return Err(drift);
        }
        app.output.say("nothing changed since the plan was made");
        return Ok(Exit::Done);
    }
    let scribe = Scribe::new(app, &args.record)?;
    let report = Box::pin(engine.apply(&file.plan, jobs)).await;
    app.progress.end();
    let report = report?;
    app.output.result(&Summary::of(&report))?;
    if let Some(scribe) = scribe {
        scribe.state(app, &report, &guard).await?;
    }
    Ok(transfer::conclude(app, &report, false))
}

fn job(app: &App, planned: &PlannedJob) -> Result<Job> {
    let reference = |text: &str| {
        text.parse::<Reference>()
            .map_err(|cause| Error::new(ErrorKind::Invalid, cause.to_string()))
    };
    let targets = planned
        .targets
        .iter()
        .map(|target| {
            let tags = target
                .tags
                .iter()
                .map(|planned| {
                    planned
                        .tag
                        .parse()
                        .map_err(|cause: transship_oci::ReferenceError| {
                            Error::new(ErrorKind::Invalid, cause.to_string())
                        })
                })
                .collect::<Result<_>>()?;
            Ok((reference(&target.target)?.repository, tags))
        })
        .collect::<Result<Vec<_>>>()?;
    copy::job(app, &reference(&planned.source)?, &targets)
}
