//! `archive trust ARCHIVE`: the trust files that travel along.

use std::{fmt, path::Path};

use serde::Serialize;
use transship_archive::inventory::TrustFile;
use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{amount::Bytes, app::App, archives, args::TrustFiles, exit::Exit, files};

pub(super) async fn run(app: &App, args: &TrustFiles) -> Result<Exit> {
    let (archive, _) = archives::own(app, &args.archive).await?;
    let listed = &archive.inventory().trust;
    if let Some(folder) = &args.extract {
        for file in listed {
            let bytes = archive.trust_file(&file.name).ok_or_else(|| {
                let message = format!("{} is listed and not there", file.name);
                Error::new(ErrorKind::Corrupt, message)
                    .on(Side::Source)
                    .at(archive.at())
            })?;
            write(&folder.join(&file.name), &bytes)?;
        }
    }
    app.progress.end();
    app.output
        .say("note: that a file travels in an archive makes nobody trust it");
    app.output.result(&Listed(listed))?;
    Ok(Exit::Done)
}

/// A file that is there may be one that somebody trusts: it stays as it is.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::{fs::OpenOptions, io::Write as _};
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|cause| {
        let error = match cause.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::new(ErrorKind::Conflict, "a file of this name is there already")
            }
            _ => Error::new(ErrorKind::Invalid, "the file cannot be written").because(cause),
        };
        error.on(Side::Local).at(files::name(path))
    })
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Listed<'a>(&'a [TrustFile]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in self.0 {
            writeln!(f, "{}  {}  {}", file.digest, Bytes(file.size), file.name)?;
        }
        Ok(())
    }
}
