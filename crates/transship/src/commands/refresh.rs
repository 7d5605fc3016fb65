//! `trust refresh`

use std::{fmt, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use transship_oci::{Digest, Result, Side};
use transship_trust::refresh::{self, Mirror};

use crate::{
    app::App,
    args::Refresh,
    exit::Exit,
    files,
    mirror::{Folder, Web},
};

/// The longest `root.json` that is read, in bytes.
const MAX_ROOT: u64 = 512_000;

pub(super) async fn run(app: &App, args: &Refresh) -> Result<Exit> {
    let mirror = args.mirror.as_deref().unwrap_or(refresh::public_mirror());
    let mirror: Arc<dyn Mirror> = if mirror.contains("://") {
        Arc::new(Web::new(app, mirror)?)
    } else {
        Arc::new(Folder(PathBuf::from(mirror)))
    };
    let given = match &args.root {
        Some(path) => Some(files::read(path, MAX_ROOT)?),
        None => None,
    };
    let pinned = given.as_deref().unwrap_or(refresh::public_root());
    let fetched = refresh::refresh(mirror, pinned, app.now()).await?;
    let text = String::from_utf8_lossy(&fetched.json);
    files::write_text(&args.output, &text).map_err(|error| error.on(Side::Local))?;
    app.progress.end();
    app.output.result(&Fetched {
        file: args.output.clone(),
        digest: fetched.root.digest(),
        root_version: fetched.version,
        fresh_until: fetched.fresh_until,
    })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fetched {
    file: PathBuf,
    digest: Digest,
    root_version: u64,
    fresh_until: Timestamp,
}

impl fmt::Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is {}", files::name(&self.file), self.digest)?;
        writeln!(
            f,
            "signed under version {} of the TUF root; the newest there is until {}",
            self.root_version, self.fresh_until
        )
    }
}
