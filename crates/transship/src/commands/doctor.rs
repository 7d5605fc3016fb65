//! `doctor REGISTRY/REPOSITORY` and `doctor STORE`: what works here, found out by doing it.

mod findings;
mod questions;
mod store;

use transship_oci::{Repository, Result, Side};

use self::findings::Diagnosis;
use crate::{
    app::App,
    args::{Doctor, Patient},
    exit::Exit,
};

pub(super) async fn run(app: &App, args: &Doctor) -> Result<Exit> {
    match &args.patient {
        Patient::Repository(repository) => registry(app, repository, args.read_only).await,
        Patient::Store(store) => store::run(app, store, args.errand).await,
    }
}

async fn registry(app: &App, repository: &Repository, read_only: bool) -> Result<Exit> {
    let mut diagnosis = Diagnosis::of(repository);
    // Each question needs the one before: who cannot reach a registry need not ask it for anything.
    if questions::reach(app, repository, &mut diagnosis).await?
        && questions::pull(app, repository, &mut diagnosis).await?
        && !read_only
    {
        questions::write(app, repository, &mut diagnosis).await?;
    }
    app.progress.end();
    app.output.result(&diagnosis)?;
    Ok(diagnosis.exit())
}

/// On which side an error of the doctor is: a repository is looked at as one that will be written to.
const SIDE: Side = Side::Target;
