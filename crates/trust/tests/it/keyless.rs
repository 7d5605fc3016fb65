//! Signatures by an identity: who is asked for, and by which authorities it is judged.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use transship_oci::Digest;
use transship_trust::{
    Claim, Demand, Evidence, Finding, Identity, Judge, KeylessSigner, Outcome, Pattern, Signer,
    Subject, SubjectKind, Tlog, TrustRoot, WorkflowClaim,
};

use crate::vectors::{folder, read};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOW: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

/// A sound bundle, made in March 2024.
struct Case {
    evidence: Evidence,
    root: Vec<u8>,
}

fn load() -> Option<Case> {
    let folder = folder("sigstore-conformance")?;
    let artifact = read(&folder, "test/assets/bundle-verify/a.txt");
    let bundle = read(
        &folder,
        "test/assets/bundle-verify/happy-path-v0.3/bundle.sigstore.json",
    );
    Some(Case {
        evidence: Evidence::bundle(Digest::sha256(&artifact), &bundle),
        root: read(&folder, "trusted_root.public-good.json"),
    })
}

fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn signer(identities: Vec<Identity>) -> KeylessSigner {
    KeylessSigner {
        identities,
        tlog: Tlog::Required,
        sct: true,
        root: None,
    }
}

fn identity(subject: Pattern, issuer: Pattern) -> Identity {
    Identity {
        subject: Subject::any(subject),
        issuer,
        claims: BTreeMap::new(),
    }
}

fn workflow() -> Identity {
    identity(Pattern::exact(WORKFLOW), Pattern::exact(ISSUER))
}

impl Case {
    fn judge(&self) -> Judge {
        Judge::new(now()).with_root(Arc::new(TrustRoot::from_json(&self.root).unwrap()))
    }

    fn found(&self, signer: KeylessSigner) -> Finding {
        self.judge().judge(
            &self.evidence,
            &Signer::Keyless(signer),
            &Demand::signature(),
        )
    }

    fn outcome(&self, identity: Identity) -> Outcome {
        self.found(signer(vec![identity])).outcome
    }
}

#[test]
fn subject_and_issuer_must_both_match() {
    let Some(case) = load() else { return };
    assert_eq!(case.outcome(workflow()), Outcome::Accepted);
    let other_issuer = identity(
        Pattern::exact(WORKFLOW),
        Pattern::exact("https://accounts.google.com"),
    );
    let finding = case.found(signer(vec![other_issuer.clone()]));
    assert_eq!(
        (finding.outcome, finding.claim),
        (Outcome::UntrustedSigner, Claim::Another)
    );
    assert_eq!(
        finding.detail,
        format!("it is by {WORKFLOW} ({ISSUER}), who is not among those asked for")
    );
    // Halves of two identities make no whole one.
    let other_subject = identity(
        Pattern::exact("someone@example.com"),
        Pattern::exact(ISSUER),
    );
    let finding = case.found(signer(vec![other_issuer, other_subject.clone()]));
    assert_eq!(finding.outcome, Outcome::UntrustedSigner);
    let finding = case.found(signer(vec![other_subject, workflow()]));
    assert_eq!(finding.outcome, Outcome::Accepted);
}

#[test]
fn patterns_match_the_whole_name() {
    let Some(case) = load() else { return };
    let matching = |written: &str| {
        let subject = Pattern::expression(written).unwrap();
        case.outcome(identity(subject, Pattern::exact(ISSUER)))
    };
    let accepted = r"https://github\.com/sigstore-conformance/.*@refs/heads/main";
    assert_eq!(matching(accepted), Outcome::Accepted);
    assert_eq!(matching(&format!("^{accepted}$")), Outcome::Accepted);
    assert_eq!(
        matching(r"https://github\.com/sigstore-conformance/"),
        Outcome::UntrustedSigner
    );
    assert_eq!(matching("conformance"), Outcome::UntrustedSigner);
}

#[test]
fn the_kind_of_a_subject_can_be_asked_for() {
    let Some(case) = load() else { return };
    let of_kind = |kind| Identity {
        subject: Subject {
            kind: Some(kind),
            value: Pattern::exact(WORKFLOW),
        },
        ..workflow()
    };
    assert_eq!(case.outcome(of_kind(SubjectKind::Uri)), Outcome::Accepted);
    assert_eq!(
        case.outcome(of_kind(SubjectKind::Email)),
        Outcome::UntrustedSigner
    );
}

#[test]
fn claims_of_the_workflow_can_be_asked_for() {
    let Some(case) = load() else { return };
    let claiming = |claim, value: &str| {
        let mut identity = workflow();
        identity.claims.insert(claim, Pattern::exact(value));
        case.outcome(identity)
    };
    let repository = "sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    for (claim, value) in [
        (WorkflowClaim::GithubRepository, repository),
        (WorkflowClaim::GithubRef, "refs/heads/main"),
        (WorkflowClaim::GithubTrigger, "workflow_dispatch"),
        (WorkflowClaim::GithubName, "Extremely dangerous OIDC beacon"),
        (WorkflowClaim::Runner, "github-hosted"),
        (WorkflowClaim::SourceRef, "refs/heads/main"),
        (WorkflowClaim::BuildConfig, WORKFLOW),
    ] {
        assert_eq!(claiming(claim, value), Outcome::Accepted, "{claim:?}");
        assert_eq!(
            claiming(claim, "other"),
            Outcome::UntrustedSigner,
            "{claim:?}"
        );
    }
    // What the certificate does not say matches nothing.
    assert_eq!(
        claiming(WorkflowClaim::Environment, ""),
        Outcome::UntrustedSigner
    );
}

#[test]
fn without_a_root_nothing_can_be_said() {
    let Some(case) = load() else { return };
    let signer = Signer::Keyless(signer(vec![workflow()]));
    let finding = Judge::new(now()).judge(&case.evidence, &signer, &Demand::signature());
    assert_eq!(
        (finding.outcome, finding.claim),
        (Outcome::TrustRoot, Claim::Asked)
    );
    assert_eq!(
        finding.detail,
        "there is no trust root to judge it by; give a trusted_root.json"
    );
}

#[test]
fn a_signer_can_have_a_root_of_its_own() {
    let Some(case) = load() else { return };
    let staging = Arc::new(TrustRoot::staging().unwrap());
    let finding = case.found(KeylessSigner {
        root: Some(staging),
        ..signer(vec![workflow()])
    });
    assert_eq!(finding.outcome, Outcome::UntrustedSigner);
    assert_eq!(
        finding.detail,
        "no authority that is trusted has issued the certificate"
    );
}

#[test]
fn a_root_that_is_too_old_judges_nothing() {
    let Some(case) = load() else { return };
    let root = TrustRoot::from_json(&case.root).unwrap();
    let obtained: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let judge = |days: i64| {
        let root = TrustRoot::from_json(&case.root).unwrap().obtained(obtained);
        Judge::new(now())
            .with_root(Arc::new(root))
            .with_max_root_age(SignedDuration::from_hours(days * 24))
    };
    assert_eq!(root.age(obtained).unwrap().as_hours() / 24, 373);
    let signer = Signer::Keyless(signer(vec![workflow()]));
    let ask = |days| judge(days).judge(&case.evidence, &signer, &Demand::signature());
    assert_eq!(ask(60).outcome, Outcome::Accepted);
    assert_eq!(ask(50).outcome, Outcome::TrustRoot);
    assert_eq!(
        ask(50).detail,
        "the trust root is 54 days old, and 50 are allowed; give a newer one"
    );
}

#[test]
fn the_log_is_asked_for_as_the_signer_says() {
    let Some(case) = load() else { return };
    let ask = |tlog| {
        case.found(KeylessSigner {
            tlog,
            ..signer(vec![workflow()])
        })
    };
    assert!(ask(Tlog::Required).proof.log);
    assert!(ask(Tlog::Optional).proof.log);
    let finding = ask(Tlog::Ignore);
    assert_eq!(finding.outcome, Outcome::Accepted);
    assert!(!finding.proof.log);
}

#[test]
fn a_finding_is_json_that_can_be_read_again() {
    let Some(case) = load() else { return };
    let finding = case.found(signer(vec![workflow()]));
    let json = serde_json::to_value(&finding).unwrap();
    assert_eq!(json["outcome"], "accepted");
    assert_eq!(json["form"], "bundle");
    assert_eq!(json["signedBy"]["issuer"], ISSUER);
    assert_eq!(
        json["proof"]["times"],
        serde_json::json!(["2024-03-19T17:26:26Z"])
    );
    assert_eq!(json.get("manifest"), None::<&Value>);
    let again: Finding = serde_json::from_value(json).unwrap();
    assert_eq!(again, finding);
}
