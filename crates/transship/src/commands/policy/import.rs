//! `policy import`

use std::path::Path;

use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::policy::{
    PolicyFile, changes,
    containers::{File, Imported},
};

use crate::{
    app::App,
    args::Import,
    exit::Exit,
    files, output,
    trust::{self, Document},
};

pub(super) fn import(app: &App, args: &Import) -> Result<Exit> {
    let origin = files::name(&args.file);
    let Document::Containers(text) = trust::document(&args.file)? else {
        let error = Error::new(ErrorKind::Invalid, "this is no policy.json");
        return Err(error.on(Side::Local).at(origin));
    };
    let there = match &args.output {
        Some(path) => There::read(path)?,
        None => None,
    };
    let known = there.as_ref().map(|there| there.policy.signers.clone());
    let imported = File::parse(text.as_bytes())
        .and_then(|file| file.import_knowing(&known.unwrap_or_default()))
        .map_err(|error| error.on(Side::Local).at(&origin))?;
    for note in &imported.notes {
        app.output.say(format_args!("note: {note}"));
    }
    match (&args.output, there) {
        (None, _) => output::text(imported.policy.to_yaml()?)?,
        (Some(path), None) => files::write_text(path, &imported.policy.to_yaml()?)?,
        (Some(path), Some(there)) => over(app, &imported, path, &there, args.force)?,
    }
    Ok(Exit::Done)
}

/// The policy that lies where one is to be written.
struct There {
    text: String,
    policy: PolicyFile,
}

impl There {
    fn read(path: &Path) -> Result<Option<Self>> {
        if !files::is_there(path) {
            return Ok(None);
        }
        let (Document::Own(text) | Document::Containers(text)) = trust::document(path)?;
        let policy = PolicyFile::parse(&text, &files::name(path)).map_err(|error| {
            error
                .on(Side::Local)
                .hinting("give a new file, or one that holds a policy of transship")
        })?;
        Ok(Some(Self { text, policy }))
    }
}

fn over(app: &App, imported: &Imported, path: &Path, there: &There, force: bool) -> Result<()> {
    let origin = files::name(path);
    let lines = changes(&there.policy, &imported.policy);
    for line in &lines {
        app.output.say(format_args!("{origin}: {line}"));
    }
    if !lines.is_empty() && !force {
        let error = Error::new(ErrorKind::Conflict, "the policy there says something else");
        return Err(error
            .on(Side::Local)
            .at(origin)
            .hinting("give --force to write over it, or another --output"));
    }
    let text = imported
        .policy
        .rewrite(&there.text, &origin)
        .map_err(|error| error.on(Side::Local))?;
    if text == there.text {
        return Ok(());
    }
    files::write_text(path, &text)
}
