//! `export REF… --to ARCHIVE`: gather, judge, lay out, and only then write.

mod far;
mod layout;
mod result;
mod wanted;
mod write;

use std::{collections::HashMap, sync::Arc};

use futures::stream;
use transship_engine::{Engine, Gathering, Job};
use transship_oci::{Error, Result, Tag};

use self::{far::Far, wanted::Wanted};
pub(super) use self::{
    result::{Exported, failures},
    write::{Manner, write},
};
use super::copy;
use crate::{
    app::App,
    args::{Choices, ExportArtifacts},
    exit::Exit,
    private_key, stores, trust,
};

pub(super) async fn run(app: &App, args: &ExportArtifacts) -> Result<Exit> {
    // What can be wrong with the command itself is found before anybody is asked for anything.
    let key = args.signing.given();
    let key = key
        .map(|given| private_key::read(app, &given))
        .transpose()?;
    let spot = stores::open(app, &args.to)?.named()?;
    let guard = trust::guard(app, args.policy.as_deref())?;
    let far = Far::read(app, &args.succession)?;
    let mut selection = wanted::select(app, args).await?;
    selection.answer(&far, args.map.as_ref())?;
    let choices = Choices {
        require_platform: args.require_platform.clone(),
        no_referrers: args.no_referrers,
        include_foreign: args.include_foreign,
        ..Choices::default()
    };
    let engine = app.engine(&choices, &guard, |options| {
        options.platforms.clone_from(&args.platform);
    });
    let gathering = gather(app, &engine, &selection.wanted).await?;
    let failed = failures(&gathering).map(|(_, error)| error);
    let errors: Vec<&Error> = selection.away.iter().chain(failed).collect();
    if gathering.gathered.is_empty() || !(errors.is_empty() || args.continue_on_errors) {
        return Ok(refuse(app, &errors));
    }
    let outline = layout::outline(args, (&selection.wanted, &far), &gathering, key.as_ref())?;
    let exported = Exported::of(&spot, &gathering, &outline, key.as_ref(), args.dry_run);
    if args.dry_run {
        write::fits(&outline, &spot).await?;
    } else {
        let manner = Manner {
            overwrite: args.overwrite,
            verify_media: args.verify_media,
        };
        write(app, &engine, &gathering, Arc::new(outline), (&spot, manner)).await?;
    }
    app.progress.end();
    app.output.result(&exported)?;
    for error in &errors {
        app.output.error(error);
    }
    Ok(Exit::of_run(gathering.gathered.len() as u64, errors))
}

/// Brings everything in hand, under the tags that it is to have behind the gap.
async fn gather(app: &App, engine: &Engine, wanted: &[Wanted]) -> Result<Gathering> {
    let jobs = wanted.iter().map(|one| copy::job(app, &one.source, &[]));
    let jobs: Vec<Job> = jobs.collect::<Result<_>>()?;
    let labels: Vec<String> = jobs.iter().map(|job| job.label.clone()).collect();
    let tags: HashMap<&str, &Option<Tag>> = labels
        .iter()
        .map(String::as_str)
        .zip(wanted.iter().map(|one| &one.tag))
        .collect();
    let mut gathering = Box::pin(engine.gather(stream::iter(jobs))).await;
    for one in &mut gathering.gathered {
        let tag = tags.get(one.label.as_str()).copied();
        one.artifact.tags = tag.and_then(Clone::clone).into_iter().collect();
    }
    Ok(gathering)
}

/// Nothing can be written: says why.
fn refuse(app: &App, errors: &[&Error]) -> Exit {
    app.progress.end();
    let Some(first) = errors.first() else {
        app.output.say("the list selects nothing");
        return Exit::Done;
    };
    for error in errors {
        app.output.error(error);
    }
    if errors.len() < 2 {
        return Exit::Failed(first.kind());
    }
    app.output
        .say("nothing was written; --continue-on-errors leaves out what fails");
    Exit::of_run(0, errors.iter().copied())
}
