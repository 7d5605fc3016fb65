//! `import ARCHIVE`: the inventory first, then what it promises, then layers, then tags.

mod check;
mod jobs;
mod reply;

use futures::stream;
use transship_archive::{Archive, foreign::Foreign};
use transship_engine::{Engine, Report};
use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::sign::PrivateKey;

use self::jobs::Route;
pub(super) use self::reply::scan;
use super::{
    report::{Preview, Summary},
    transfer,
};
use crate::{
    app::App,
    archives::{self, Cargo, Opened},
    args::{Choices, ImportArchive},
    exit::Exit,
    names::Destination,
    private_key,
    scribe::Scribe,
    stores::Spot,
    trust::{self, Guard},
};

/// What an import works with.
struct Import<'a> {
    app: &'a App,
    args: &'a ImportArchive,
    to: Destination,
    guard: Guard,
    engine: Engine,
    scribe: Option<Scribe>,
    reply_key: Option<PrivateKey>,
}

pub(super) async fn run(app: &App, args: &ImportArchive) -> Result<Exit> {
    let to = Destination::new(&args.to, args.map.as_ref())?;
    // Before anything moves: nobody shall wait for a long run that ends without its statement.
    let scribe = Scribe::new(app, &args.record)?;
    let reply_key = args.reply.key();
    let reply_key = reply_key
        .map(|given| private_key::read(app, &given))
        .transpose()?;
    let guard = trust::guard(app, args.admission.policy.as_deref())?;
    let choices = Choices {
        move_tags: args.overwrite_tags,
        recheck: args.recheck,
        ..Choices::default()
    };
    let import = Import {
        engine: app.engine(&choices, &guard, |_| {}),
        app,
        args,
        to,
        guard,
        scribe,
        reply_key,
    };
    match archives::open(app, &args.archive).await? {
        Opened::Own(archive, spot) => Box::pin(import.own(&archive, &spot)).await,
        Opened::Foreign(archive) => Box::pin(import.foreign(&archive)).await,
    }
}

impl Import<'_> {
    /// An archive of ours.
    async fn own(&self, archive: &Archive, spot: &Spot) -> Result<Exit> {
        check::signature(self.app, archive, &self.args.admission).await?;
        let (target, back) = (self.to.shown(), self.args.admission.allow_rollback);
        archives::admit(self.app, archive, &target, back).await?;
        let mut routes = jobs::routes(Cargo::own(archive)?, &self.to)?;
        let all = routes.clone();
        let lost = check::volumes(archive, &mut routes, self.args.continue_on_errors)?;
        if self.args.dry_run {
            return self.preview(&routes).await;
        }
        let report = self.carry(&routes).await?;
        let exit = self.conclude(&report, &lost).await?;
        if exit == Exit::Done {
            archives::took(self.app, archive, &target, back).await?;
        }
        self.reply(Some(archive), &all, &report).await?;
        if exit == Exit::Done && self.args.delete_source_on_success {
            delete(self.app, archive, spot).await?;
        }
        Ok(exit)
    }

    /// An archive that another tool wrote.
    async fn foreign(&self, archive: &Foreign) -> Result<Exit> {
        check::own_only(archive, self.args)?;
        for limit in archive.limits() {
            self.app.output.say(format_args!("note: {limit}"));
        }
        let routes = jobs::routes(Cargo::foreign(archive)?, &self.to)?;
        if self.args.dry_run {
            return self.preview(&routes).await;
        }
        let report = self.carry(&routes).await?;
        let exit = self.conclude(&report, &[]).await?;
        self.reply(None, &routes, &report).await?;
        Ok(exit)
    }

    async fn reply(&self, from: Option<&Archive>, routes: &[Route], report: &Report) -> Result<()> {
        let (asked, key) = (&self.args.reply, self.reply_key.as_ref());
        reply::write(self.app, asked, key, (from, routes), (report, &self.to)).await
    }

    async fn preview(&self, routes: &[Route]) -> Result<Exit> {
        let jobs = jobs::jobs(self.app, routes)?;
        let plan = Box::pin(self.engine.plan(stream::iter(jobs))).await;
        self.app.progress.end();
        let plan = plan?;
        let refused = transfer::is_refused(&plan);
        self.app.output.result(&Preview(&plan))?;
        Ok(if refused {
            Exit::Failed(ErrorKind::Conflict)
        } else {
            Exit::Done
        })
    }

    async fn carry(&self, routes: &[Route]) -> Result<Report> {
        let jobs = jobs::jobs(self.app, routes)?;
        let survey = Box::pin(self.engine.survey(stream::iter(jobs))).await;
        // One tag in the way of a hundred shall not be found after ninety-nine: nothing was written yet.
        let report = if survey.problems().is_empty() || self.args.continue_on_errors {
            Box::pin(survey.proceed()).await
        } else {
            survey.refuse()
        };
        self.app.progress.end();
        Ok(report)
    }

    /// Says what was done and what was not, and states it.
    async fn conclude(&self, report: &Report, lost: &[Error]) -> Result<Exit> {
        self.app.output.result(&Summary::of(report))?;
        if let Some(scribe) = &self.scribe {
            scribe.state(self.app, report, &self.guard).await?;
        }
        for error in lost {
            self.app.output.error(error);
        }
        let exit = transfer::conclude(self.app, report, false);
        Ok(match exit {
            Exit::Done => Exit::of_run(report.copied() + report.unchanged(), lost),
            exit => exit,
        })
    }
}

/// Removes every volume: all of them are at the target, and were read back there.
async fn delete(app: &App, archive: &Archive, spot: &Spot) -> Result<()> {
    for key in archives::keys(archive, spot) {
        let gone = spot.store.delete(&key).await;
        gone.map_err(|error| {
            error
                .op("delete")
                .on(Side::Source)
                .at(spot.store.location())
        })?;
        app.output.say(format_args!("deleted {key}"));
    }
    Ok(())
}
