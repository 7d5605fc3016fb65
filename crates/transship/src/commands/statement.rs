//! `statement show` and `statement verify`

use std::{fmt, path::Path};

use serde::Serialize;
use transship_oci::{Digest, Error, ErrorKind, Result, Side};
use transship_trust::{
    Evidence, Finding, Judge, Key, KeySigner, Signer, Statement, Tlog,
    statement::{RUN, RunRecord},
};

use crate::{
    app::App,
    args::{ShowStatement, StatementCommand, VerifyStatement},
    exit::Exit,
    files,
};

/// The largest statement that is read, in bytes: cosign's own limit for what it verifies.
const MAX_STATEMENT: u64 = 128 << 20;
/// The largest file of public keys, in bytes.
const MAX_KEYS: u64 = 1 << 20;

pub(super) fn run(app: &App, command: &StatementCommand) -> Result<Exit> {
    match command {
        StatementCommand::Show(args) => show(app, args),
        StatementCommand::Verify(args) => verify(app, args),
    }
}

fn show(app: &App, args: &ShowStatement) -> Result<Exit> {
    let text = files::read_text(&args.file, MAX_STATEMENT)?;
    let nobody = Digest::sha256(b"");
    let evidence = Evidence::bundle(nobody, text.as_bytes());
    let statement = evidence
        .statement()
        .ok_or_else(|| invalid("the file is no signed statement", &args.file))?;
    app.output
        .say("note: the signature was not checked; `transship statement verify` does");
    app.output.result(&Shown {
        record: read(statement, &args.file)?,
        by: None,
    })?;
    Ok(Exit::Done)
}

fn read(statement: &Statement, file: &Path) -> Result<RunRecord> {
    if statement.predicate_type != RUN {
        let kind: String = statement.predicate_type.chars().take(200).collect();
        let message = format!("the statement is a {kind:?}, and no record of a run");
        return Err(invalid(message, file));
    }
    serde_json::from_value(statement.predicate.clone())
        .map_err(|cause| invalid("the record cannot be read", file).because(cause))
}

fn verify(app: &App, args: &VerifyStatement) -> Result<Exit> {
    let mut keys = Vec::new();
    for file in &args.key {
        let text = files::read_text(file, MAX_KEYS)?;
        let read = Key::from_pem(&text);
        keys.extend(read.map_err(|error| error.on(Side::Local).at(files::name(file)))?);
    }
    // A statement is signed with a key alone: no log is asked, here or there.
    let signer = Signer::Key(KeySigner {
        keys,
        tlog: Tlog::Ignore,
        root: None,
    });
    let text = files::read_text(&args.file, MAX_STATEMENT)?;
    let (finding, record) = RunRecord::verify(text.as_bytes(), &signer, &Judge::new(app.now()))
        .map_err(|error| error.on(Side::Local).at(files::name(&args.file)))?;
    match (record, finding.outcome.class().error_kind()) {
        (Some(record), None) => {
            let by = finding.signed_by.key.clone();
            app.output.result(&Shown { by, record })?;
            Ok(Exit::Done)
        }
        (_, kind) => Err(refused(
            kind.unwrap_or(ErrorKind::CannotCheck),
            &finding,
            &args.file,
        )),
    }
}

fn refused(kind: ErrorKind, finding: &Finding, file: &Path) -> Error {
    let outcome = finding.outcome.as_str();
    Error::new(
        kind,
        format!("the statement is refused: {outcome}: {}", finding.detail),
    )
    .on(Side::Local)
    .at(files::name(file))
}

fn invalid(message: impl Into<String>, file: &Path) -> Error {
    Error::new(ErrorKind::Invalid, message)
        .on(Side::Local)
        .at(files::name(file))
}

/// A record as a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// SHA-256 of the key whose signature holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    record: RunRecord,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        if let Some(by) = &self.by {
            writeln!(f, "signed by key {by}")?;
        }
        writeln!(f, "{} {}", record.program.name, record.program.version)?;
        match &record.policy {
            Some(policy) => writeln!(f, "under policy {policy}")?,
            None => writeln!(f, "under no policy")?,
        }
        for moved in &record.artifacts {
            writeln!(f, "{}  {}", moved.source, moved.source_digest)?;
            if moved.digest != moved.source_digest {
                writeln!(f, "  became {}", moved.digest)?;
            }
            for target in &moved.targets {
                writeln!(f, "  → {target}")?;
            }
            for referrer in &moved.referrers {
                writeln!(f, "  with {referrer}")?;
            }
            let Some(verdict) = &moved.verdict else {
                continue;
            };
            writeln!(f, "  {} by rule {}", verdict.class, verdict.rule)?;
            for reason in &verdict.reasons {
                writeln!(f, "    {reason}")?;
            }
        }
        Ok(())
    }
}
