//! `import ARCHIVE`: the inventory first, then what it promises, then layers, then tags.

mod check;
mod jobs;
mod reply;

use futures::stream;
use transship_archive::{Archive, foreign::Foreign};
use transship_engine::{Engine, Report};
use transship_oci::{Error, ErrorKind, Result};
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
        // Whoever throws away the only copy does not take a tag's word for what is below it.
        recheck: args.recheck || args.delete_source_on_success,
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
        Opened::Own(archive, _) => Box::pin(import.own(&archive)).await,
        Opened::Foreign(archive) => Box::pin(import.foreign(&archive)).await,
    }
}

impl Import<'_> {
    /// An archive of ours.
    async fn own(&self, archive: &Archive) -> Result<Exit> {
        check::signature(self.app, archive, &self.args.admission).await?;
        check::names(archive, &self.args.admission)?;
        let (target, back) = (self.to.shown(), self.args.admission.allow_rollback);
        archives::admit(self.app, archive, &target, back).await?;
        let mut routes = self.routes(Cargo::own(archive)?)?;
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
        self.reply(Some(archive), &all, &report, exit == Exit::Done)
            .await?;
        if exit == Exit::Done && self.args.delete_source_on_success {
            delete(self.app, archive).await?;
        }
        Ok(exit)
    }

    /// An archive that another tool wrote.
    async fn foreign(&self, archive: &Foreign) -> Result<Exit> {
        check::own_only(archive, self.args)?;
        for limit in archive.limits() {
            self.app.output.say(format_args!("note: {limit}"));
        }
        let routes = self.routes(Cargo::foreign(archive)?)?;
        if self.args.dry_run {
            return self.preview(&routes).await;
        }
        let report = self.carry(&routes).await?;
        let exit = self.conclude(&report, &[]).await?;
        self.reply(None, &routes, &report, exit == Exit::Done)
            .await?;
        Ok(exit)
    }

    /// Where everything goes. With a policy, each name is a matter of its own: it may say of one tag what it does not say
    /// of another.
    fn routes(&self, cargo: Vec<Cargo>) -> Result<Vec<Route>> {
        let routes = jobs::routes(cargo, &self.to)?;
        if self.guard.digest().is_none() {
            return Ok(routes);
        }
        jobs::by_tag(&routes, &self.to)
    }

    async fn reply(
        &self,
        from: Option<&Archive>,
        routes: &[Route],
        report: &Report,
        whole: bool,
    ) -> Result<()> {
        let (asked, key) = (&self.args.reply, self.reply_key.as_ref());
        let told = (report, &self.to);
        reply::write(self.app, asked, key, (from, routes), told, whole).await
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

/// Removes every volume that was read: all of them are at the target, and were read back there.
async fn delete(app: &App, archive: &Archive) -> Result<()> {
    for place in archive.remove().await? {
        app.output.say(format_args!("deleted {place}"));
    }
    Ok(())
}
