//! `verify REF`

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use serde::Serialize;
use transship_oci::{Digest, Error, Reference, Result};
use transship_trust::{
    Outcome, Tlog, WorkflowClaim,
    policy::{
        Assessment, Beside, IdentityFile, KeylessFile, Level, Policy, PolicyFile, Rule, RuleFile,
        Rules, SignedByFile, SignerFile, Words, explain, lint,
    },
};

use crate::{
    app::App,
    args::{Keyless, Verify},
    exit::Exit,
    trust::{self, beside},
};

/// The trust root where none is given.
const BUILT_IN: &str = "sigstore:public-good";

pub(super) async fn run(app: &App, args: &Verify) -> Result<Exit> {
    let rules = match &args.policy {
        Some(path) => trust::rules(app, path)?,
        None => demanded(app, args)?,
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
fn demanded(app: &App, args: &Verify) -> Result<Arc<dyn Rules>> {
    let (name, mut signer) = if args.key.is_empty() {
        ("the given identity", keyless(&args.keyless))
    } else {
        let keys = Words::Many(args.key.clone());
        let signer = SignerFile {
            key: Some(keys),
            ..SignerFile::default()
        };
        ("the given key", signer)
    };
    let ignore = args.flags.insecure_ignore_tlog;
    signer.tlog = ignore.then_some(Tlog::Ignore);
    let root = args.flags.trusted_root.clone();
    let file = PolicyFile {
        version: 1,
        trust_root: Some(root.unwrap_or_else(|| BUILT_IN.to_owned())),
        max_trust_root_age_days: None,
        signers: BTreeMap::from([(name.to_owned(), signer)]),
        default: RuleFile {
            signed_by: Some(SignedByFile::One(name.to_owned())),
            at: args.flags.recursive.then_some(Level::Both),
            annotations: args.flags.annotations.iter().cloned().collect(),
            ..RuleFile::default()
        },
        rules: Vec::new(),
        denied: Vec::new(),
    };
    let digest = Digest::sha256(file.to_yaml()?.as_bytes());
    let materials: Beside = beside(app, Path::new(""));
    let policy = Policy::resolve(&file, digest, &materials)?;
    for remark in lint(&file, &policy, app.now()) {
        app.output.say(format_args!("note: {}", remark.message));
    }
    Ok(Arc::new(policy))
}

fn keyless(args: &Keyless) -> SignerFile {
    use WorkflowClaim::{GithubName, GithubRef, GithubRepository, GithubSha, GithubTrigger};
    let claims = [
        (GithubTrigger, &args.certificate_github_workflow_trigger),
        (GithubSha, &args.certificate_github_workflow_sha),
        (GithubName, &args.certificate_github_workflow_name),
        (
            GithubRepository,
            &args.certificate_github_workflow_repository,
        ),
        (GithubRef, &args.certificate_github_workflow_ref),
    ];
    let claims = claims
        .into_iter()
        .filter_map(|(claim, value)| Some((claim, value.clone()?)));
    let identity = IdentityFile {
        subject: args.certificate_identity.clone(),
        subject_pattern: args.certificate_identity_regexp.clone(),
        issuer: args.certificate_oidc_issuer.clone(),
        issuer_pattern: args.certificate_oidc_issuer_regexp.clone(),
        claims: claims.collect(),
        ..IdentityFile::default()
    };
    SignerFile {
        keyless: Some(KeylessFile {
            identities: vec![identity],
            sct: args.insecure_ignore_sct.then_some(false),
            authorities: None,
        }),
        ..SignerFile::default()
    }
}
