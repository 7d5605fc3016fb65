//! The questions to a store.

use futures::StreamExt as _;
use transship_oci::Result;

use super::findings::Diagnosis;
use crate::{app::App, args::Written, exit::Exit, stores};

pub(super) async fn run(app: &App, written: &Written, _read_only: bool) -> Result<Exit> {
    let spot = stores::open(app, written)?;
    let mut diagnosis = Diagnosis::of(&spot.shown);
    match spot.store.list(&spot.key).next().await {
        Some(Err(error)) => diagnosis.problem("list", &error),
        _ => diagnosis.ok("list", "objects are listed"),
    }
    app.progress.end();
    app.output.result(&diagnosis)?;
    Ok(diagnosis.exit())
}
