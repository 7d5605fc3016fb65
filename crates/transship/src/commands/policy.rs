//! `policy …`

use std::{fmt, fs, path::Path};

use serde::Serialize;
use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::policy::{
    Policy, PolicyFile, Remark,
    containers::{self, Copied, File},
    lint, schema,
};

use super::verify;
use crate::{
    app::App,
    args::{Explain, Export, Import, Lint, PolicyCommand},
    exit::Exit,
    files, output,
    trust::{self, Document},
};

pub(super) async fn run(app: &App, command: &PolicyCommand) -> Result<Exit> {
    match command {
        PolicyCommand::Lint(args) => linted(app, args),
        PolicyCommand::Explain(args) => explain(app, args).await,
        PolicyCommand::Import(args) => import(app, args),
        PolicyCommand::Export(args) => export(app, args),
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

fn import(app: &App, args: &Import) -> Result<Exit> {
    let origin = files::name(&args.file);
    let Document::Containers(text) = trust::document(&args.file)? else {
        return Err(Error::new(ErrorKind::Invalid, "this is no policy.json")
            .on(Side::Local)
            .at(origin));
    };
    let imported = File::parse(text.as_bytes()).and_then(|file| file.import());
    let imported = imported.map_err(|error| error.on(Side::Local).at(&origin))?;
    for note in &imported.notes {
        app.output.say(format_args!("note: {note}"));
    }
    let yaml = imported.policy.to_yaml()?;
    match &args.output {
        Some(path) => files::write_text(path, &yaml)?,
        None => output::text(yaml)?,
    }
    Ok(Exit::Done)
}

fn export(app: &App, args: &Export) -> Result<Exit> {
    let (origin, materials) = (files::name(&args.policy), trust::beside(app, &args.policy));
    let Document::Own(text) = trust::document(&args.policy)? else {
        let error = Error::new(ErrorKind::Invalid, "this is a policy.json already");
        return Err(error.on(Side::Local).at(origin));
    };
    let policy = Policy::read(&text, &origin, &materials)?;
    let copied = args.copied.iter().map(|(from, to)| Copied {
        from: from.clone(),
        to: to.clone(),
    });
    let copied: Vec<_> = copied.collect();
    let written = containers::write(&policy, &copied).map_err(|error| error.at(origin))?;
    for note in &written.notes {
        app.output.say(format_args!("note: {note}"));
    }
    match &args.output {
        Some(folder) => {
            made(&folder.join("registries.d"))?;
            files::write_text(&folder.join("policy.json"), &written.policy_json)?;
            let registries = folder.join("registries.d/transship.yaml");
            files::write_text(&registries, &written.registries_yaml)?;
        }
        None => output::text(&written.policy_json)?,
    }
    Ok(Exit::Done)
}

fn made(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the folder cannot be made")
            .on(Side::Local)
            .at(folder.display())
            .because(cause)
    })
}
