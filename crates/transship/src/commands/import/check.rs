//! What must hold before any layer is read.

use std::{collections::HashSet, fmt::Write as _};

use transship_archive::{Archive, Lost, foreign::Foreign};
use transship_oci::{Error, ErrorKind, Result, Side};

use super::jobs::{Route, leave_out};
use crate::{
    app::App,
    archives,
    args::{Admission, ImportArchive},
};

/// Who signed the inventory, and may it pass?
pub(super) async fn signature(app: &App, archive: &Archive, by: &Admission) -> Result<()> {
    let policy = by.archive_policy.as_ref();
    let found = archives::unlock(app, archive, &by.archive_key, policy).await?;
    match found {
        Some(found) => {
            for reason in &found.reasons {
                app.output.say(format_args!("inventory: {reason}"));
            }
        }
        None => app.output.say(format_args!(
            "note: nobody's signature of inventory {} was asked for; --archive-key does",
            archive.digest()
        )),
    }
    Ok(())
}

/// Does the archive call something otherwise than its source did, with nobody to answer for that?
///
/// A policy judges by the name at the source. Were the other name believed, anything that a policy lets pass somewhere
/// could be published anywhere.
pub(super) fn names(archive: &Archive, by: &Admission) -> Result<()> {
    let signed = !by.archive_key.is_empty() || by.archive_policy.is_some();
    if by.policy.is_none() || signed {
        return Ok(());
    }
    let mut artifacts = archive.inventory().artifacts.iter();
    let renamed = artifacts.find_map(|carried| {
        let target = carried.target.as_ref()?;
        (target != carried.source.path()).then_some((&carried.source, target))
    });
    let Some((source, target)) = renamed else {
        return Ok(());
    };
    let message = format!("the archive calls {source} {target}, and nobody answers for that");
    Err(Error::new(ErrorKind::PolicyRefused, message)
        .on(Side::Source)
        .at(archive.at())
        .hinting("the policy judges names at sources only; ask with --archive-key for the signature of whoever gave the other one"))
}

/// Are all volumes there? Those artifacts that are not whole are left out, where that is wished.
pub(super) fn volumes(
    archive: &Archive,
    routes: &mut Vec<Route>,
    continue_on_errors: bool,
) -> Result<Vec<Error>> {
    let lost = archive.lost();
    let Some(first) = lost.first() else {
        return Ok(Vec::new());
    };
    if !continue_on_errors {
        return Err(cost(first).hinting(
            "put the volume beside the others, or import what is whole with --continue-on-errors",
        ));
    }
    let whole: HashSet<_> = archive.whole().map(|carried| carried.digest).collect();
    let mut errors: Vec<Error> = lost.iter().map(cost).collect();
    errors.extend(leave_out(routes, &whole));
    Ok(errors)
}

/// What a volume costs that is not there.
fn cost(lost: &Lost<'_>) -> Error {
    const SHOWN: usize = 3;
    let names = lost.artifacts.iter().take(SHOWN).map(|carried| {
        let tag = carried.tags.first();
        tag.map_or_else(
            || format!("{}@{}", carried.source, carried.digest),
            |tag| format!("{}:{tag}", carried.source),
        )
    });
    let mut names = names.collect::<Vec<_>>().join(", ");
    if lost.artifacts.len() > SHOWN {
        let _ = write!(names, " and {} more", lost.artifacts.len() - SHOWN);
    }
    let place = lost.place.map(|place| format!(" ({place})"));
    let message = format!(
        "volume {}{} cannot be used: {}; it costs {names}",
        lost.volume,
        place.unwrap_or_default(),
        lost.error,
    );
    Error::new(lost.error.kind(), message).on(Side::Source)
}

/// Refuses what only an archive of ours can do.
pub(super) fn own_only(archive: &Foreign, args: &ImportArchive) -> Result<()> {
    let by = &args.admission;
    let asked = [
        ("--archive-key", !by.archive_key.is_empty()),
        ("--archive-policy", by.archive_policy.is_some()),
        ("--delete-source-on-success", args.delete_source_on_success),
        ("--request", args.reply.request.is_some()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((flag, _)) => {
            let message = format!("{flag} speaks of an inventory, and this archive has none");
            Err(Error::new(ErrorKind::Unsupported, message)
                .on(Side::Source)
                .at(archive.at()))
        }
    }
}
