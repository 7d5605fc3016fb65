//! `verify REF`

use std::fmt;

use serde::Serialize;
use transship_oci::{Error, Reference, Result};
use transship_trust::{
    Outcome,
    policy::{
        Assessment, AttestationFile, Level, PolicyFile, Rule, RuleFile, Rules, SignedByFile, Words,
        explain,
    },
};

use crate::{app::App, args::Verify, exit::Exit, output, trust};

pub(super) async fn run(app: &App, args: &Verify) -> Result<Exit> {
    let rules = if let Some(path) = &args.policy {
        trust::rules(app, path)?
    } else {
        let file = demanded(args)?;
        let rules = trust::read(app, &file)?;
        if args.flags.print_policy {
            return output::text(file.to_yaml()?).map(|()| Exit::Done);
        }
        rules
    };
    shown(app, &args.reference, rules.as_ref()).await
}

/// Assesses, shows all of it, and ends as the verdict says.
pub(super) async fn shown(app: &App, reference: &Reference, rules: &dyn Rules) -> Result<Exit> {
    let assessment = trust::assess(app, reference, rules).await?;
    app.progress.end();
    let rule = rules.rule(Some(reference), &assessment.root)?;
    app.output.result(&Shown {
        rule,
        assessment: &assessment,
    })?;
    let Some(kind) = assessment.class.error_kind() else {
        return Ok(Exit::Done);
    };
    let reasons = assessment.reasons.join("; ");
    let error = Error::new(kind, format!("{reference} is refused: {reasons}"));
    app.output.error(&match hint(assessment.outcome) {
        Some(hint) => error.hinting(hint),
        None => error,
    });
    Ok(Exit::Failed(kind))
}

fn hint(outcome: Outcome) -> Option<&'static str> {
    Some(match outcome {
        Outcome::None => "see what lies beside it with `transship tree`",
        Outcome::NoLogEntry => {
            "if it was signed without a log on purpose, say so: --insecure-ignore-tlog, or `tlog: ignore` in a policy"
        }
        Outcome::TrustRoot => "give the authorities and logs to trust with --trusted-root",
        _ => return None,
    })
}

/// An assessment as a result.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip)]
    rule: &'a Rule,
    #[serde(flatten)]
    assessment: &'a Assessment,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in explain(self.rule, self.assessment) {
            writeln!(f, "{line}")?;
        }
        for root in &self.assessment.trust_roots {
            write!(f, "trust root {}", root.digest)?;
            match root.age_days {
                Some(days) => writeln!(f, ", {days} days old at the most")?,
                None => writeln!(f, ", of unknown age")?,
            }
        }
        Ok(())
    }
}

/// The rules that flags make: a policy with one rule, read as any other.
fn demanded(args: &Verify) -> Result<PolicyFile> {
    let signer = trust::signer(&args.who)?;
    let by = Some(SignedByFile::One(signer.name.to_owned()));
    let flags = &args.flags;
    let attestation = |kind: &String| AttestationFile {
        r#type: Words::One(kind.clone()),
        signed_by: by.clone(),
        at: None,
        conditions: Vec::new(),
    };
    Ok(signer.policy(
        &args.who,
        RuleFile {
            // As for cosign: a statement is asked for instead of a signature, not beside one.
            signed_by: flags.types.is_empty().then(|| by.clone()).flatten(),
            at: flags.recursive.then_some(Level::Both),
            annotations: flags.annotations.iter().cloned().collect(),
            attestations: flags.types.iter().map(attestation).collect(),
            ..RuleFile::default()
        },
    ))
}
