//! What is allowed in a policy, and probably not meant.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{Policy, PolicyFile, Rule, Signers, Stance};
use crate::{Identity, KeylessSigner, Signer, Tlog};

/// How many days before its end a rule is spoken of.
const SOON: i32 = 30;

/// A remark on a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remark {
    /// Where: `signers.ci`, or a rule's scope, or `default`.
    pub at: String,
    /// What, in a sentence.
    pub message: String,
}

/// Remarks on a policy that can be used, in the order of its parts.
pub fn lint(file: &PolicyFile, policy: &Policy, now: Timestamp) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let rules =
        || std::iter::once(&policy.default).chain(policy.rules.iter().map(|(_, rule)| rule));
    let mut used = BTreeSet::new();
    let mut said = BTreeSet::new();
    for rule in rules() {
        for (name, signer) in signers(rule) {
            used.insert(name.to_owned());
            if said.insert(name.to_owned()) {
                remarks.extend(signer_remarks(policy, name, signer));
            }
        }
    }
    for name in file.signers.keys().filter(|name| !used.contains(*name)) {
        remarks.push(remark(
            format!("signers.{name}"),
            "no rule asks for this signer",
        ));
    }
    for rule in rules() {
        remarks.extend(rule_remarks(rule, now));
    }
    if matches!(policy.default.stance, Stance::Unsigned(_)) {
        let why = "whatever no rule speaks of passes unsigned; `refuse` is the safer default";
        remarks.push(remark("default", why));
    }
    remarks
}

fn signers(rule: &Rule) -> Vec<(&str, Option<&Signer>)> {
    match &rule.stance {
        Stance::Demands(clauses) => clauses.iter().flat_map(|one| one.by.each()).collect(),
        Stance::Refuse(_) | Stance::Unsigned(_) => Vec::new(),
    }
}

fn signer_remarks(policy: &Policy, name: &str, signer: Option<&Signer>) -> Vec<Remark> {
    let at = format!("signers.{name}");
    let messages = match signer {
        None => vec!["this version cannot judge it: what asks for it is always refused".to_owned()],
        Some(Signer::Key(key)) => {
            let no_root = key.root.is_none() && policy.root.is_none();
            let missing = key.tlog == Tlog::Required && no_root;
            missing
                .then(|| {
                    "the log is required, and there is no trust root to judge it by".to_owned()
                })
                .into_iter()
                .collect()
        }
        Some(Signer::Keyless(keyless)) => keyless_remarks(policy, keyless),
        Some(Signer::Pki(_)) => Vec::new(),
    };
    messages
        .into_iter()
        .map(|message| remark(at.clone(), message))
        .collect()
}

fn keyless_remarks(policy: &Policy, keyless: &KeylessSigner) -> Vec<String> {
    let mut messages = Vec::new();
    if keyless.root.is_none() && policy.root.is_none() {
        messages.push("there is no trust root to judge certificates by".to_owned());
    }
    if keyless.tlog != Tlog::Required {
        messages.push(
            "without a log entry, nobody would notice a certificate that was issued wrongly"
                .to_owned(),
        );
    }
    messages.extend(keyless.identities.iter().flat_map(identity_remarks));
    messages
}

fn identity_remarks(identity: &Identity) -> Vec<String> {
    let claims = identity.claims.values();
    let patterns = [&identity.subject.value, &identity.issuer];
    let unanchored = patterns
        .into_iter()
        .chain(claims)
        .filter(|pattern| !pattern.was_anchored())
        .map(|pattern| {
            format!(
                "the pattern {pattern} is not anchored: here it must match the whole, to other tools any part; write ^ and $"
            )
        });
    let mut messages: Vec<String> = unanchored.collect();
    let anybody = |probe: &str| identity.subject.value.matches(probe);
    if anybody("transship://nobody") && anybody("nobody@transship.invalid") {
        messages.push(format!(
            "the pattern {} fits anybody",
            identity.subject.value
        ));
    }
    messages
}

fn rule_remarks(rule: &Rule, now: Timestamp) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let today = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    if let Some(until) = rule.validity.until {
        let days = today.until(until).map_or(0, |span| span.get_days());
        if days < 0 {
            remarks.push(remark(
                &rule.name,
                format!("it ended on {until}: nothing passes any more"),
            ));
        } else if days <= SOON {
            remarks.push(remark(
                &rule.name,
                format!("it ends in {days} days, on {until}"),
            ));
        }
    }
    if let Stance::Demands(clauses) = &rule.stance {
        let unsupported = clauses
            .iter()
            .any(|one| matches!(one.by, Signers::Unsupported { .. }));
        if unsupported {
            remarks.push(remark(
                &rule.name,
                "nothing passes: its signer cannot be judged",
            ));
        }
    }
    remarks
}

fn remark(at: impl Into<String>, message: impl Into<String>) -> Remark {
    Remark {
        at: at.into(),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests;
