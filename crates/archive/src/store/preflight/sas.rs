//! What a SAS says of itself, held against what it is wanted for.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::{Check, Purpose, State, Topic};
use crate::store::{SasKind, SasTerms};

/// A SAS that ends sooner may end before an export does.
const SOON: Duration = Duration::from_hours(12);

/// What it is wanted for, and where.
pub(super) struct Place<'a> {
    pub(super) purpose: Purpose,
    pub(super) key: &'a str,
    pub(super) https: bool,
}

pub(super) fn check(terms: &SasTerms, place: &Place<'_>, now: SystemTime) -> Vec<Check> {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut checks = vec![permissions(terms, place.purpose), lifetime(terms, now)];
    checks.extend(scope(terms, place));
    checks.push(protocol(terms, place));
    checks.extend(addresses(terms));
    checks
}

fn permissions(terms: &SasTerms, purpose: Purpose) -> Check {
    let topic = Topic::Permissions;
    let Some(has) = &terms.permissions else {
        let policy = terms.policy.as_deref().unwrap_or("none");
        let says = format!(
            "the stored policy `{policy:.64}` says what the SAS allows; it can be changed at the container"
        );
        return Check::good(topic, says);
    };
    let lacks = terms.lacking(purpose.letters());
    let wanted = purpose.letters();
    if lacks.is_empty() {
        return Check::good(
            topic,
            format!("the SAS allows `{has}`; wanted is `{wanted}`"),
        );
    }
    let says = format!(
        "the SAS allows `{has}`; of `{wanted}` it leaves out {}",
        named(&lacks)
    );
    // A blob that is not there yet can be written by who may create (c).
    let vital = purpose
        .needed()
        .chars()
        .any(|letter| lacks.contains(letter) && !(letter == 'w' && has.contains('c')));
    let check = if vital {
        Check::bad(topic, says)
    } else {
        Check::doubtful(topic, says)
    };
    check.hinting(format!("make one that allows `{wanted}`"))
}

/// `d (to delete what was imported) and l (to list)`.
fn named(letters: &str) -> String {
    let words = letters.chars().map(|letter| {
        let what = match letter {
            'a' => "to add, which only Azure's own transfer asks for",
            'd' => "to delete what was imported",
            'l' => "to list",
            'r' => "to read",
            _ => "to write",
        };
        format!("{letter} ({what})")
    });
    words.collect::<Vec<_>>().join(" and ")
}

fn lifetime(terms: &SasTerms, now: Timestamp) -> Check {
    let topic = Topic::Lifetime;
    let anew = "make a new SAS";
    if let Some(start) = terms.starts.filter(|start| *start > now) {
        return Check::bad(
            topic,
            format!("the SAS begins at {start}, which is still to come"),
        )
        .hinting("wait, or make one that begins a quarter of an hour ago");
    }
    let ends = terms.expires.into_iter().chain(terms.key_expires).min();
    let Some(end) = ends else {
        return Check::good(topic, "the stored policy says when the SAS ends");
    };
    if end <= now {
        return Check::bad(topic, format!("the SAS ended at {end}")).hinting(anew);
    }
    if end.duration_since(now).unsigned_abs() < SOON {
        return Check::doubtful(topic, format!("the SAS ends at {end}, which is soon"))
            .hinting(anew);
    }
    Check::good(topic, format!("the SAS ends at {end}"))
}

fn scope(terms: &SasTerms, place: &Place<'_>) -> Vec<Check> {
    let topic = Topic::Scope;
    match terms.kind() {
        SasKind::Account => account_scope(terms),
        kind => {
            let by = if kind == SasKind::Delegated {
                "signed for an identity, whose roles count too"
            } else {
                "signed with the account's key"
            };
            match terms.resource.as_deref() {
                Some("c") => {
                    let says = format!(
                        "it is a container SAS (sr=c), {by}; such a one has no resource types (srt)"
                    );
                    vec![Check::good(topic, says)]
                }
                Some("b") if !place.key.is_empty() && !place.key.ends_with('/') => {
                    let says = format!("it is for a single blob (sr=b), {by}: it cannot list");
                    vec![Check::doubtful(topic, says).hinting("make one for the container")]
                }
                other => {
                    let says = format!(
                        "it is not for a container (sr={:.8})",
                        other.unwrap_or_default()
                    );
                    vec![Check::bad(topic, says).hinting("make one for the container (sr=c)")]
                }
            }
        }
    }
}

fn account_scope(terms: &SasTerms) -> Vec<Check> {
    let topic = Topic::Scope;
    let has = |text: &Option<String>, letter: char| {
        text.as_ref().is_some_and(|text| text.contains(letter))
    };
    let mut checks = Vec::new();
    if !has(&terms.services, 'b') {
        let says = "it is an account SAS for other services than blobs";
        checks.push(Check::bad(topic, says).hinting("make one for the blob service (ss=b)"));
    }
    for (letter, state, says) in [
        (
            'o',
            State::Bad,
            "objects (srt=o): no blob can be read or written",
        ),
        (
            'c',
            State::Doubtful,
            "containers (srt=c): nothing can be listed",
        ),
    ] {
        if !has(&terms.resource_types, letter) {
            let says = format!("it is an account SAS that leaves out {says}");
            let check = Check::new(topic, state, says);
            checks.push(check.hinting("make one for containers and objects (srt=co)"));
        }
    }
    if checks.is_empty() {
        let says =
            "it is an account SAS for containers and objects, in all containers of the account";
        checks.push(Check::doubtful(topic, says).hinting("a container SAS gives away less"));
    }
    checks
}

fn protocol(terms: &SasTerms, place: &Place<'_>) -> Check {
    let topic = Topic::Protocol;
    match terms.protocols.as_deref() {
        Some("https") if !place.https => {
            Check::bad(topic, "the SAS allows https only").hinting("write https:// in the address")
        }
        Some("https") => Check::good(topic, "the SAS allows https only"),
        _ => Check::doubtful(topic, "the SAS allows plain http too")
            .hinting("make one for https only (spr=https): Azure's own transfer takes no other"),
    }
}

fn addresses(terms: &SasTerms) -> Option<Check> {
    let range = terms.addresses.as_ref()?;
    let says = format!("the SAS is for the addresses {range:.80} only");
    Some(
        Check::doubtful(Topic::Addresses, says)
            .hinting("make sure that the store sees this machine under one of them"),
    )
}

#[cfg(test)]
mod tests;
