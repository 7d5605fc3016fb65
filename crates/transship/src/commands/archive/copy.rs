//! `archive copy FROM TO`: the middle leg.

use std::fmt;

use serde::Serialize;
use transship_archive::transfer::{Copied, CopyOptions, How, copy_set};
use transship_oci::Result;

use crate::{amount::Bytes, app::App, args::CopyArchive, exit::Exit, stores};

pub(super) async fn run(app: &App, args: &CopyArchive) -> Result<Exit> {
    let from = stores::open(app, &args.from)?;
    let to = stores::open(app, &args.to)?;
    let to = if args.verify_media {
        to.verified()?
    } else {
        to
    };
    let options = CopyOptions {
        overwrite: args.overwrite,
        // A plain file has no metadata, and an importer's trigger looks for it.
        metadata: from.folder.as_ref().map(|_| stores::metadata()),
        ..CopyOptions::new(stores::journal(app))
    };
    let copied = copy_set(&*from.store, &from.key, &to.store, &to.key, &options).await?;
    app.progress.end();
    app.output.result(&Done {
        from: from.shown,
        to: to.shown,
        volumes: copied.iter().map(Line::of).collect(),
    })?;
    Ok(Exit::Done)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    from: String,
    to: String,
    volumes: Vec<Line>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: String,
    size: u64,
    outcome: &'static str,
    /// Bytes that went over the wire in this run.
    sent: u64,
}

impl Line {
    fn of(copied: &Copied) -> Self {
        let (outcome, sent) = match copied.how {
            How::Present => ("present", 0),
            How::Sent(bytes) => ("copied", bytes),
            How::Fetched => ("fetched", 0),
        };
        Self {
            name: copied.key.clone(),
            size: copied.size,
            outcome,
            sent,
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}", self.from, self.to)?;
        for line in &self.volumes {
            writeln!(
                f,
                "{:<8}  {}  {}, {} sent",
                line.outcome,
                line.name,
                Bytes(line.size),
                Bytes(line.sent)
            )?;
        }
        Ok(())
    }
}
