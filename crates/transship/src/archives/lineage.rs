//! The order of archives at a target, remembered in the state folder.

use transship_archive::{
    Archive,
    sequence::{FileSequences, Mark, Order},
};
use transship_oci::Result;

use crate::app::App;

/// The line that an archive belongs to and its place there, for one that has a line.
pub(crate) fn place(archive: &Archive) -> Option<(String, Mark)> {
    let inventory = archive.inventory();
    let mark = Mark {
        sequence: inventory.sequence?,
        inventory: archive.digest(),
    };
    Some((inventory.lineage.clone()?, mark))
}

/// Refuses an archive that would bring `target` back to an older state.
///
/// # Errors
/// `PolicyRefused` for an older archive, or another of the same place, unless `allow_rollback`.
pub(crate) async fn admit(
    app: &App,
    archive: &Archive,
    target: &str,
    allow_rollback: bool,
) -> Result<()> {
    let Some((lineage, mark)) = place(archive) else {
        return Ok(());
    };
    let Some(memory) = memory(app) else {
        app.output
            .say("note: without HOME or XDG_STATE_HOME nobody remembers which archive came last");
        return Ok(());
    };
    let last = memory.last(target, &lineage).await?;
    let order = Order::of(last, mark, archive.inventory().predecessor);
    if let Order::Ahead { last } = order {
        app.output.say(format_args!(
            "note: archives of {lineage} between {last} and {mark} were never taken here"
        ));
    }
    match order.admit(&lineage, mark) {
        Err(error) if allow_rollback => {
            app.output.say(format_args!("note: {}", error.message()));
            Ok(())
        }
        admitted => admitted,
    }
}

/// Remembers that `target` has taken an archive.
///
/// # Errors
/// `Unavailable` when the state folder cannot be used.
pub(crate) async fn took(app: &App, archive: &Archive, target: &str, back: bool) -> Result<()> {
    if let (Some((lineage, mark)), Some(memory)) = (place(archive), memory(app)) {
        memory.took(target, &lineage, mark, back).await?;
    }
    Ok(())
}

fn memory(app: &App) -> Option<FileSequences> {
    let state = app.environment.state_dir()?;
    Some(FileSequences::new(state.join("sequences")))
}
