//! `copy SRC DST`

use std::sync::Arc;

use transship_engine::{Job, Target};
use transship_oci::{Error, ErrorKind, Reference, Repository, Result, Tag};

use super::transfer::{self, Mode};
use crate::{
    app::App,
    args::{Copy, TagTarget},
    exit::Exit,
    trust,
};

pub(super) async fn run(app: &App, args: &Copy) -> Result<Exit> {
    let targets: Vec<_> = std::iter::once(&args.target)
        .chain(&args.also)
        .map(|target| fill(target, &args.source))
        .collect::<Result<_>>()?;
    refuse_twice(&targets)?;
    let job = job(app, &args.source, &targets)?;
    let guard = trust::guard(app, args.choices.policy.as_deref())?;
    let engine = app.engine(&args.choices, &guard, |options| {
        options.platforms.clone_from(&args.platform);
    });
    let mode = Mode {
        plan: args.plan.as_deref(),
        choices: &args.choices,
        platforms: &args.platform,
        guard: &guard,
        source: Some(&args.source),
    };
    transfer::run(app, &engine, vec![job], mode).await
}

/// One artifact and where it goes. Its labels can be read back: `apply` does.
pub(super) fn job(
    app: &App,
    source: &Reference,
    targets: &[(Repository, Vec<Tag>)],
) -> Result<Job> {
    let targets = targets.iter().map(|(repository, tags)| {
        Ok(Target {
            label: label(repository, tags),
            sink: Arc::new(app.target(repository)?),
            tags: tags.clone(),
        })
    });
    let mut shown = source.clone();
    if shown.digest.is_none() {
        shown.tag = source.published_tag();
    }
    Ok(Job {
        label: shown.to_string(),
        source: Arc::new(app.source(&source.repository)?),
        // A pinned reference is looked up by its digest: the tag beside it may have moved since, and says only what the
        // copy is to be called.
        name: source.name(),
        targets: targets.collect::<Result<_>>()?,
        expect: source.digest,
    })
}

fn label(repository: &Repository, tags: &[Tag]) -> String {
    match tags {
        [tag, ..] => format!("{repository}:{tag}"),
        [] => repository.to_string(),
    }
}

fn fill(target: &TagTarget, source: &Reference) -> Result<(Repository, Vec<Tag>)> {
    let (repository, tag) = target
        .fill(source)
        .map_err(|cause| Error::new(ErrorKind::Invalid, cause.to_string()))?;
    Ok((repository, tag.into_iter().collect()))
}

fn refuse_twice(targets: &[(Repository, Vec<Tag>)]) -> Result<()> {
    for (i, target) in targets.iter().enumerate() {
        if targets[..i].contains(target) {
            let message = format!("{} is given as a target twice", label(&target.0, &target.1));
            return Err(Error::new(ErrorKind::Invalid, message));
        }
    }
    Ok(())
}
