//! A policy written over one that people have written.

use transship_oci::{Error, ErrorKind, Result};

use super::{PolicyFile, RuleFile};
use crate::yaml;

impl PolicyFile {
    /// The policy in the hand of `existing`: what both say keeps its text, its place and its comments. Comments go only with
    /// the rule or the signer that they touch, when that goes. `origin` is the name of the existing file, for people.
    ///
    /// # Errors
    /// `Invalid` when the existing text is no policy; `Unsupported` when it has what cannot be taken apart, such as anchors.
    pub fn rewrite(&self, existing: &str, origin: &str) -> Result<String> {
        let known = Self::parse(existing, origin)?;
        let mut wanted = self.clone();
        // The order says nothing: the most specific rule holds.
        let place = |rule: &RuleFile| known.rules.iter().position(|old| old.scope == rule.scope);
        wanted
            .rules
            .sort_by_key(|rule| place(rule).unwrap_or(usize::MAX));
        let listed = |digest| known.denied.iter().position(|old| old.digest == digest);
        wanted
            .denied
            .sort_by_key(|denied| listed(denied.digest).unwrap_or(usize::MAX));
        let text = yaml::rewrite(existing, &wanted.to_yaml()?).map_err(|error| error.at(origin))?;
        // A policy is not the place for a slip of the pen.
        if Self::parse(&text, origin)? == wanted {
            Ok(text)
        } else {
            Err(Error::new(
                ErrorKind::Internal,
                "the policy that was written does not say what it should",
            )
            .at(origin))
        }
    }
}

#[cfg(test)]
mod tests;
