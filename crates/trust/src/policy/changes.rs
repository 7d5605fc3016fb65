//! In what two policies differ, for people.

use super::{PolicyFile, RuleFile, Words};

/// What `new` changes in `old`, one line each; nothing when both say the same, in whatever order.
pub fn changes(old: &PolicyFile, new: &PolicyFile) -> Vec<String> {
    let head = |policy: &PolicyFile| {
        let age = policy.max_trust_root_age_days;
        let root = policy.trust_root.clone();
        let lines = [
            root.map(|root| ("trust-root".to_owned(), root)),
            age.map(|days| ("max-trust-root-age-days".to_owned(), days.to_string())),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>()
    };
    let signers = |policy: &PolicyFile| {
        let signers = policy.signers.iter();
        signers
            .map(|(name, signer)| (format!("signer {name:?}"), signer.clone()))
            .collect::<Vec<_>>()
    };
    let rules = |policy: &PolicyFile| {
        let named = policy.rules.iter().map(|rule| (name(rule), rule.clone()));
        let default = ("the default".to_owned(), policy.default.clone());
        std::iter::once(default).chain(named).collect::<Vec<_>>()
    };
    let denied = |policy: &PolicyFile| {
        let denied = policy.denied.iter();
        denied
            .map(|denied| (format!("denied {}", denied.digest), denied.reason.clone()))
            .collect::<Vec<_>>()
    };
    let mut lines = compared(&head(old), &head(new));
    lines.extend(compared(&signers(old), &signers(new)));
    lines.extend(compared(&rules(old), &rules(new)));
    lines.extend(compared(&denied(old), &denied(new)));
    lines
}

fn name(rule: &RuleFile) -> String {
    let scopes = rule.scope.as_ref().map_or(&[][..], Words::as_slice);
    format!("rule {:?}", scopes.join(", "))
}

fn compared<T: PartialEq>(old: &[(String, T)], new: &[(String, T)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, before) in old {
        match new.iter().find(|(known, _)| known == name) {
            Some((_, after)) if before == after => {}
            Some(_) => lines.push(format!("{name} is changed")),
            None => lines.push(format!("{name} is gone")),
        }
    }
    for (name, _) in new {
        if !old.iter().any(|(known, _)| known == name) {
            lines.push(format!("{name} is new"));
        }
    }
    lines
}

#[cfg(test)]
mod tests;
