//! `doctor REGISTRY/REPOSITORY`: what works here, found out by doing it.

mod findings;
mod questions;

use transship_oci::{Result, Side};

use self::findings::Diagnosis;
use crate::{app::App, args::Doctor, exit::Exit};

pub(super) async fn run(app: &App, args: &Doctor) -> Result<Exit> {
    let mut diagnosis = Diagnosis::of(&args.repository);
    // Each question needs the one before: who cannot reach a registry need not ask it for anything.
    if questions::reach(app, &args.repository, &mut diagnosis).await?
        && questions::pull(app, &args.repository, &mut diagnosis).await?
        && !args.read_only
    {
        questions::write(app, &args.repository, &mut diagnosis).await?;
    }
    app.progress.end();
    app.output.result(&diagnosis)?;
    Ok(diagnosis.exit())
}

/// On which side an error of the doctor is: a repository is looked at as one that will be written to.
const SIDE: Side = Side::Target;
