//! `statement verify`

use std::{path::Path, sync::Arc};

use transship_oci::{Digest, Error, ErrorKind, Result, Side};
use transship_trust::{
    Finding, Judge, Signer,
    policy::{
        AttestationFile, Policy, PolicyFile, RuleFile, Rules, SignedByFile, Signers, Stance, Words,
    },
    statement::{RUN, RunRecord},
};

use super::{MAX_STATEMENT, Shown, invalid};
use crate::{
    app::App,
    args::VerifyStatement,
    exit::Exit,
    files,
    trust::{self, Document},
};

pub(super) fn run(app: &App, args: &VerifyStatement) -> Result<Exit> {
    let (signer, judge) = asked(app, args)?;
    let text = files::read_text(&args.file, MAX_STATEMENT)?;
    let (finding, record) = RunRecord::verify(text.as_bytes(), &signer, &judge)
        .map_err(|error| error.on(Side::Local).at(files::name(&args.file)))?;
    match (record, finding.outcome.class().error_kind()) {
        (Some(record), None) => {
            app.output.result(&Shown::new(record, finding.signed_by))?;
            Ok(Exit::Done)
        }
        (_, kind) => Err(refused(
            kind.unwrap_or(ErrorKind::CannotCheck),
            &finding,
            &args.file,
        )),
    }
}

/// Who must have signed, and a judge with the trust root to judge him by.
fn asked(app: &App, args: &VerifyStatement) -> Result<(Arc<Signer>, Judge)> {
    let rules = if let (Some(policy), Some(name)) = (&args.policy, &args.signer) {
        of_policy(app, policy, name)?
    } else {
        let mut signer = trust::signer(&args.who)?;
        if !args.who.key.is_empty() {
            // What this program signs is in no log, here or there.
            signer = signer.without_log();
        }
        let rule = record_by(signer.name);
        trust::read(app, &signer.policy(&args.who, rule))?
    };
    let signer = match &rules.rule(None, &Digest::sha256(b""))?.stance {
        Stance::Demands(clauses) => clauses.first().map(|clause| clause.by.clone()),
        Stance::Refuse(_) | Stance::Unsigned(_) => None,
    };
    match signer {
        Some(Signers::One { signer, .. }) => Ok((signer, rules.judge(Judge::new(app.now())))),
        Some(Signers::Unsupported { name, why }) => {
            let message = format!("a statement by {name} cannot be checked: {why}");
            Err(Error::new(ErrorKind::CannotCheck, message).on(Side::Local))
        }
        _ => Err(Error::new(
            ErrorKind::Internal,
            "one signer was asked for, and there is another number of them",
        )),
    }
}

/// The rules of a policy whose signers are those of the given one, and whose only rule is about a record.
fn of_policy(app: &App, path: &Path, signer: &str) -> Result<Arc<dyn Rules>> {
    let Document::Own(text) = trust::document(path)? else {
        return Err(invalid("the signers of a policy.json have no names", path)
            .hinting("turn it into a policy first: transship policy import"));
    };
    let mut file = PolicyFile::parse(&text, &files::name(path))?;
    if !file.signers.contains_key(signer) {
        let known: Vec<&str> = file.signers.keys().map(String::as_str).collect();
        let message = format!("the policy knows no signer {signer:?}");
        return Err(
            invalid(message, path).hinting(format!("its signers are: {}", known.join(", ")))
        );
    }
    file.default = record_by(signer);
    file.rules.clear();
    let digest = Digest::sha256(text.as_bytes());
    let policy = Policy::resolve(&file, digest, &trust::beside(app, path))
        .map_err(|error| error.at(files::name(path)))?;
    Ok(Arc::new(policy))
}

/// That there is a record, signed by somebody.
fn record_by(signer: &str) -> RuleFile {
    RuleFile {
        attestations: vec![AttestationFile {
            r#type: Words::One(RUN.to_owned()),
            signed_by: Some(SignedByFile::One(signer.to_owned())),
            at: None,
            conditions: Vec::new(),
        }],
        ..RuleFile::default()
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
