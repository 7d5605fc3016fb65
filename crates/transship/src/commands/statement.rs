//! `statement show` and `statement verify`

use std::{fmt, path::Path};

use serde::Serialize;
use transship_oci::{Digest, Error, ErrorKind, Result, Side};
use transship_trust::{
    Evidence, SignedBy, Statement,
    statement::{RUN, RunRecord},
};

use crate::{
    app::App,
    args::{ShowStatement, StatementCommand},
    exit::Exit,
    files,
};

mod verify;

/// The largest statement that is read, in bytes: cosign's own limit for what it verifies.
const MAX_STATEMENT: u64 = 128 << 20;

pub(super) fn run(app: &App, command: &StatementCommand) -> Result<Exit> {
    match command {
        StatementCommand::Show(args) => show(app, args),
        StatementCommand::Verify(args) => verify::run(app, args),
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
    let record = read(statement, &args.file)?;
    app.output
        .result(&Shown::new(record, SignedBy::default()))?;
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
    #[serde(rename = "by", skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The names in its certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<String>,
    /// Who vouched for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    record: RunRecord,
}

impl Shown {
    fn new(record: RunRecord, by: SignedBy) -> Self {
        Self {
            key: by.key,
            subjects: by.subjects,
            issuer: by.issuer,
            record,
        }
    }

    /// Whose signature it is, if that was looked at.
    fn signer(&self) -> Option<String> {
        if self.subjects.is_empty() {
            return self.key.as_ref().map(|key| format!("key {key}"));
        }
        let names = self.subjects.join(", ");
        Some(match &self.issuer {
            Some(issuer) => format!("{names} ({issuer})"),
            None => names,
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        if let Some(signer) = self.signer() {
            writeln!(f, "signed by {signer}")?;
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
