//! `policy …`

use std::fmt;

use serde::Serialize;
use transship_oci::{ErrorKind, Result};
use transship_trust::policy::{
    Policy, PolicyFile, Remark,
    containers::{self, File},
    lint, schema,
};

mod export;
mod import;

use super::verify;
use crate::{
    app::App,
    args::{Explain, Lint, PolicyCommand},
    exit::Exit,
    files, output,
    trust::{self, Document},
};

pub(super) async fn run(app: &App, command: &PolicyCommand) -> Result<Exit> {
    match command {
        PolicyCommand::Lint(args) => linted(app, args),
        PolicyCommand::Explain(args) => explain(app, args).await,
        PolicyCommand::Import(args) => import::import(app, args),
        PolicyCommand::Export(args) => export::export(app, args),
        PolicyCommand::Schema => output::text(schema()).map(|()| Exit::Done),
    }
}

#[derive(Serialize)]
struct Remarks {
    remarks: Vec<Remark>,
}

impl fmt::Display for Remarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.remarks.is_empty() {
            return writeln!(f, "nothing to remark on");
        }
        for remark in &self.remarks {
            writeln!(f, "{}: {}", remark.at, remark.message)?;
        }
        Ok(())
    }
}

fn linted(app: &App, args: &Lint) -> Result<Exit> {
    let (origin, materials) = (files::name(&args.policy), trust::beside(app, &args.policy));
    let remarks = match trust::document(&args.policy)? {
        Document::Own(text) => {
            let policy = Policy::read(&text, &origin, &materials)?;
            lint(&PolicyFile::parse(&text, &origin)?, &policy, app.now())
        }
        Document::Containers(text) => {
            containers::Policy::read(text.as_bytes(), &origin, &materials)?;
            let imported = File::parse(text.as_bytes()).and_then(|file| file.import())?;
            let remark = |message| Remark {
                at: origin.clone(),
                message,
            };
            imported.notes.into_iter().map(remark).collect()
        }
    };
    let found = !remarks.is_empty();
    app.output.result(&Remarks { remarks })?;
    Ok(if found && args.strict {
        Exit::Failed(ErrorKind::Conflict)
    } else {
        Exit::Done
    })
}

async fn explain(app: &App, args: &Explain) -> Result<Exit> {
    let rules = trust::rules(app, &args.policy)?;
    verify::shown(app, &args.reference, rules.as_ref()).await
}
