//! `registries.d` (containers-registries.d(5)): where containers/image is told to look for signatures at all.

use std::{collections::BTreeSet, fmt::Write as _};

mod merge;

pub use merge::{Merged, Settings};

/// The setting that makes containers/image look for signatures beside images.
const ATTACHMENTS: &str = "use-sigstore-attachments";

/// Where signatures are to be looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookups {
    /// Wherever no file says something else.
    pub everywhere: bool,
    /// Registries, repositories, and what is above them.
    pub places: BTreeSet<String>,
}

impl Lookups {
    /// For images in `scopes` of a `policy.json`, and with `everywhere` in all other places too. Wildcards for hosts are
    /// left out: registries.d has none, so they need `everywhere`.
    pub fn of<'a>(scopes: impl IntoIterator<Item = &'a str>, everywhere: bool) -> Self {
        let mut lookups = Self {
            everywhere,
            ..Self::default()
        };
        for scope in scopes {
            if scope.starts_with("*.") {
                lookups.everywhere = true;
            } else {
                lookups.places.insert(repository(scope).to_owned());
            }
        }
        lookups
    }

    /// A file that says so; nothing where nothing is to be said.
    pub fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        if self.everywhere {
            let _ = writeln!(yaml, "default-docker:\n  {ATTACHMENTS}: true");
        }
        if !self.places.is_empty() {
            yaml.push_str("docker:\n");
        }
        for place in &self.places {
            let _ = writeln!(yaml, "  {place:?}:\n    {ATTACHMENTS}: true");
        }
        yaml
    }
}

/// A scope without tag and digest: those have the signatures of their repository, and the setting is one for all of it.
fn repository(scope: &str) -> &str {
    let place = scope.split_once('@').map_or(scope, |(place, _)| place);
    let name = place.rfind('/').map_or(0, |slash| slash + 1);
    match place[name..].find(':') {
        Some(colon) if name > 0 => &place[..name + colon],
        _ => place,
    }
}

#[cfg(test)]
mod tests;
