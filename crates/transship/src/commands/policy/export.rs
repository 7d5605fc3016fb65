//! `policy export`

use std::{fs, io, path::Path};

use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::policy::{
    Policy,
    containers::{self, Copied, File, Merged, Settings, Written},
};

use crate::{
    app::App,
    args::Export,
    exit::Exit,
    files, output,
    trust::{self, Document},
};

/// The most files that are read of a `registries.d`.
const MAX_FILES: usize = 1000;
/// The longest of them that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Ours among them.
const OURS: &str = "transship.yaml";

pub(super) fn export(app: &App, args: &Export) -> Result<Exit> {
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
    say(app, &written.notes);
    match &args.output {
        Some(folder) => into_folder(app, folder, &written, args.force)?,
        None => output::text(&written.policy_json)?,
    }
    Ok(Exit::Done)
}

fn say(app: &App, notes: &[String]) {
    for note in notes {
        app.output.say(format_args!("note: {note}"));
    }
}

/// Both are looked at before one is written: half of it is worse than nothing.
fn into_folder(app: &App, folder: &Path, written: &Written, force: bool) -> Result<()> {
    let policy_json = folder.join("policy.json");
    let same = is_same(&policy_json, written)?;
    if same == Some(false) && !force {
        let error = Error::new(ErrorKind::Conflict, "the policy there says something else");
        return Err(error
            .on(Side::Local)
            .at(policy_json.display())
            .hinting("give --force to write over it, or another --output"));
    }
    let registries = folder.join("registries.d");
    made(&registries)?;
    let (own, merged) = merged(&registries, written)?;
    say(app, &merged.notes);
    if own.unwrap_or_default() != merged.text {
        files::write_text(&registries.join(OURS), &merged.text)?;
    }
    if same != Some(true) {
        files::write_text(&policy_json, &written.policy_json)?;
    }
    Ok(())
}

/// Does the `policy.json` that is there, if one is, say what is to be written?
fn is_same(path: &Path, written: &Written) -> Result<Option<bool>> {
    if !files::is_there(path) {
        return Ok(None);
    }
    let there = File::parse(&files::read(path, MAX_FILE)?);
    let wanted = File::parse(written.policy_json.as_bytes())?;
    Ok(Some(there.is_ok_and(|there| there == wanted)))
}

/// Our file of `registries.d` as it is, and as it must be among the others.
fn merged(folder: &Path, written: &Written) -> Result<(Option<String>, Merged)> {
    let (mut own, mut others) = (None, Vec::new());
    for name in yaml_files(folder)? {
        let path = folder.join(&name);
        let text = files::read_text(&path, MAX_FILE)?;
        let settings = Settings::parse(&text, &files::name(&path));
        let settings = settings.map_err(|error| error.on(Side::Local))?;
        if name == OURS {
            own = Some((text, settings));
        } else {
            others.push(settings);
        }
    }
    let (own, settings) = own.unzip();
    let merged = written.lookups.merge(settings.as_ref(), &others);
    Ok((own, merged.map_err(|error| error.on(Side::Local))?))
}

/// The files that containers/image reads, in order.
fn yaml_files(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |cause: io::Error| {
        Error::new(ErrorKind::Invalid, "the folder cannot be read")
            .on(Side::Local)
            .at(folder.display())
            .because(cause)
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let is_yaml = Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "yaml");
        let (true, Some(name)) = (is_yaml, name.to_str()) else {
            continue;
        };
        if names.len() == MAX_FILES {
            let message = format!("the folder has more than {MAX_FILES} files");
            let error = Error::new(ErrorKind::Invalid, message);
            return Err(error.on(Side::Local).at(folder.display()));
        }
        names.push(name.to_owned());
    }
    names.sort();
    Ok(names)
}

fn made(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the folder cannot be made")
            .on(Side::Local)
            .at(folder.display())
            .because(cause)
    })
}
