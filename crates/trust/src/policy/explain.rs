//! Which rule holds, what it wants, and what was found: in lines for people.

use std::fmt::Write as _;

use super::{Assessment, Check, Judged, Rule, Stance, What};
use crate::{Class, Outcome};

/// What a rule wants, one line a wish.
pub fn wants(rule: &Rule) -> Vec<String> {
    let mut lines = match &rule.stance {
        Stance::Refuse(why) => vec![format!("nothing passes: {why}")],
        Stance::Unsigned(why) => vec![format!("everything passes, signed or not: {why}")],
        Stance::Demands(clauses) => clauses.iter().map(clause).collect(),
    };
    if let Some(from) = rule.validity.from {
        lines.push(format!("from {from} on"));
    }
    if let Some(until) = rule.validity.until {
        lines.push(format!("until {until}"));
    }
    lines
}

fn clause(clause: &super::Clause) -> String {
    use super::Level;
    let at = match clause.at {
        Level::Index => "the artifact",
        Level::EveryChild => "every manifest below the index",
        Level::Both => "the index and every manifest below it",
        Level::Any => "the index, or else every manifest below it",
    };
    let mut line = format!("{} by {} for {at}", clause.what.word(), clause.by);
    match &clause.what {
        What::Signature { annotations, name } => {
            for (key, value) in annotations {
                let _ = write!(line, ", with annotation {key}={value}");
            }
            if let Some(name) = name {
                let _ = write!(line, ", signed as {name}");
            }
        }
        What::Attestation(demand) => {
            for condition in &demand.conditions {
                let _ = write!(line, ", in which {condition}");
            }
        }
    }
    line
}

/// The whole of it: the rule and its wishes, the evidence and how it stands, and what follows.
pub fn explain(rule: &Rule, assessment: &Assessment) -> Vec<String> {
    let mut lines = vec![match &assessment.reference {
        Some(reference) => format!("{reference} is {}", assessment.root),
        None => assessment.root.to_string(),
    }];
    lines.push(format!("rule {:?} holds; it wants:", rule.name));
    lines.extend(wants(rule).into_iter().map(|wish| format!("  {wish}")));
    for check in &assessment.checks {
        lines.extend(found(check));
    }
    lines.push(match assessment.class {
        Class::Good => "it may pass:".to_owned(),
        Class::Bad => "it is refused:".to_owned(),
        Class::Missing => "it is refused, because something is missing:".to_owned(),
        Class::CannotCheck => "it is refused, because it cannot be checked:".to_owned(),
    });
    let reasons = assessment.reasons.iter();
    lines.extend(reasons.map(|reason| format!("  {reason}")));
    lines
}

fn found(check: &Check) -> Vec<String> {
    let on = check.platform.as_ref();
    let on = on.map_or_else(String::new, |platform| format!(" ({platform})"));
    let mut lines = vec![format!(
        "{} by {} beside {}{on}: {}",
        check.what,
        check.by,
        check.subject,
        check.outcome.as_str()
    )];
    if check.findings.is_empty() && check.outcome == Outcome::None {
        lines.push("  nothing was found".to_owned());
    }
    lines.extend(check.findings.iter().map(finding));
    lines
}

fn finding(judged: &Judged) -> String {
    let finding = &judged.finding;
    let place = finding.blob.or(finding.manifest);
    let place = place.map_or_else(String::new, |digest| format!(" {}", digest.short()));
    let mut line = format!(
        "  {}{place} against {}: {}: {}",
        finding.form.as_str(),
        judged.signer,
        finding.outcome.as_str(),
        finding.detail
    );
    let by = &finding.signed_by;
    if !by.subjects.is_empty() {
        let _ = write!(line, "; made out to {}", by.subjects.join(", "));
    }
    if let Some(issuer) = &by.issuer {
        let _ = write!(line, " by {issuer}");
    }
    if let Some(name) = &finding.signed_name {
        let _ = write!(line, "; signed as {name}");
    }
    line
}
