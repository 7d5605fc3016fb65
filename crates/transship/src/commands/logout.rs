//! `logout HOST`

use serde_json::json;
use transship_oci::Result;
use transship_registry_client::credentials::{Credentials as _, LoginFile};

use super::login::host;
use crate::{
    app::App,
    args::{Format, Logout},
    client,
    exit::Exit,
    output,
};

pub(super) async fn run(app: &App, args: &Logout) -> Result<Exit> {
    let registry = host(&args.host)?;
    let variables = app.variables();
    let forgotten = !args.dry_run && LoginFile::of_machine(&variables)?.erase(&registry).await?;
    // Another file, a helper or the environment may still know one; the user should not think otherwise.
    let left = client::credentials(&app.settings, &variables)
        .find(&registry, "")
        .await?
        .map(|found| found.to_string());
    match app.output.format() {
        Format::Json => output::json(&json!({
            "registry": registry,
            "forgotten": forgotten,
            "left": left,
        }))?,
        Format::Text => output::line(text(&registry, forgotten, left.as_deref()))?,
    }
    Ok(Exit::Done)
}

fn text(registry: &str, forgotten: bool, left: Option<&str>) -> String {
    match (forgotten, left) {
        (true, None) => format!("logged out of {registry}"),
        (true, Some(left)) => format!("logged out of {registry}; still known: {left}"),
        (false, None) => format!("there is no credential for {registry}"),
        (false, Some(left)) => format!("nothing was forgotten; known for {registry}: {left}"),
    }
}
