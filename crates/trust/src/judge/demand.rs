//! Is a signature what was demanded?

use serde_json::Value;
use transship_oci::Digest;

use crate::{
    AttestationDemand, Demand, Outcome, SIGN, SignatureDemand, SimpleSigning, Statement,
    evidence::{Signature, Signed},
    verdict::Rejection,
};

/// Before anything is verified: is it of the kind that is demanded?
pub(super) fn is_of_kind(signature: &Signature, demand: &Demand) -> Result<(), Rejection> {
    let other = |what: String| Err((Outcome::WrongPredicateType, what));
    match (&signature.signed, demand) {
        (Signed::Statement { said: Ok(said), .. }, Demand::Signature(_)) => {
            if said.predicate_type == SIGN {
                Ok(())
            } else {
                other(format!(
                    "it is a statement of type {}, which is no signature",
                    said.predicate_type
                ))
            }
        }
        (Signed::Statement { said: Ok(said), .. }, Demand::Attestation(wanted)) => {
            if wanted.predicate_types.contains(&said.predicate_type) {
                Ok(())
            } else {
                other(format!("it is a statement of type {}", said.predicate_type))
            }
        }
        // What an envelope holds cannot be told: whether that matters is seen once it is known who signed it.
        (Signed::Statement { said: Err(_), .. }, _)
        | (Signed::Simple { .. } | Signed::Artifact { .. }, Demand::Signature(_)) => Ok(()),
        (Signed::Simple { .. } | Signed::Artifact { .. }, Demand::Attestation(_)) => {
            other("it is a signature, which states nothing more".to_owned())
        }
    }
}

/// After everything was verified: does it speak of this artifact, and as demanded?
pub(super) fn is_met(
    subject: &Digest,
    signature: &Signature,
    demand: &Demand,
) -> Result<(), Rejection> {
    match &signature.signed {
        Signed::Simple { said, .. } => {
            let said = said
                .as_ref()
                .map_err(|why| (Outcome::UnsupportedFormat, why.clone()))?;
            about_simple(subject, said)?;
            match demand {
                Demand::Signature(wanted) => simple(said, wanted),
                Demand::Attestation(_) => Ok(()),
            }
        }
        Signed::Statement { said, .. } => {
            let said = said
                .as_ref()
                .map_err(|why| (Outcome::UnsupportedFormat, why.clone()))?;
            match demand {
                Demand::Signature(wanted) => signed_statement(subject, said, wanted),
                Demand::Attestation(wanted) => attestation(subject, said, wanted),
            }
        }
        Signed::Artifact { .. } => match demand {
            Demand::Signature(wanted) => {
                nameless(wanted).and_then(|()| annotations(wanted, |_| None))
            }
            Demand::Attestation(_) => Ok(()),
        },
    }
}

fn about_simple(subject: &Digest, said: &SimpleSigning) -> Result<(), Rejection> {
    if said.digest == subject.to_string() {
        return Ok(());
    }
    let found: String = said.digest.chars().take(160).collect();
    Err((
        Outcome::SubjectMismatch,
        format!("it was made for {found}, not for {subject}"),
    ))
}

fn simple(said: &SimpleSigning, wanted: &SignatureDemand) -> Result<(), Rejection> {
    if let Some(rule) = &wanted.name {
        rule.accepts(&said.reference)
            .map_err(|why| (Outcome::PolicyRefuses, why))?;
    }
    annotations(wanted, |name| said.annotations.get(name))
}

fn signed_statement(
    subject: &Digest,
    said: &Statement,
    wanted: &SignatureDemand,
) -> Result<(), Rejection> {
    let about = about_statement(subject, said)?;
    nameless(wanted)?;
    annotations(wanted, |name| about.annotations.as_ref()?.get(name))
}

fn attestation(
    subject: &Digest,
    said: &Statement,
    wanted: &AttestationDemand,
) -> Result<(), Rejection> {
    about_statement(subject, said)?;
    match wanted
        .conditions
        .iter()
        .find(|condition| !condition.holds(&said.predicate))
    {
        Some(condition) => Err((
            Outcome::PolicyRefuses,
            format!("the predicate does not meet the condition that {condition}"),
        )),
        None => Ok(()),
    }
}

fn about_statement<'a>(
    subject: &Digest,
    said: &'a Statement,
) -> Result<&'a crate::StatementSubject, Rejection> {
    said.about(subject).ok_or_else(|| {
        (
            Outcome::SubjectMismatch,
            format!("{subject} is not among the subjects of the statement"),
        )
    })
}

/// A rule about the signed name cannot be met by what has none.
fn nameless(wanted: &SignatureDemand) -> Result<(), Rejection> {
    match wanted.name {
        Some(_) => Err((
            Outcome::PolicyRefuses,
            "a signed name is demanded, and signatures of this form have none".to_owned(),
        )),
        None => Ok(()),
    }
}

fn annotations<'a>(
    wanted: &SignatureDemand,
    signed: impl Fn(&str) -> Option<&'a Value>,
) -> Result<(), Rejection> {
    for (name, value) in &wanted.annotations {
        match signed(name).map(|found| found.as_str()) {
            Some(Some(found)) if found == value => {}
            Some(_) => {
                let why = format!("annotation {name:?} was signed with another value");
                return Err((Outcome::PolicyRefuses, why));
            }
            None => {
                let why = format!("annotation {name:?} was not signed along");
                return Err((Outcome::PolicyRefuses, why));
            }
        }
    }
    Ok(())
}
