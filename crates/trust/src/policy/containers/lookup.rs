//! Which of the requirements in a `policy.json` hold for an image (containers-policy.json(5), "Scopes").

use std::collections::BTreeMap;

use transship_oci::{Reference, Result};

use super::{
    super::{name::named, scope::host_without_port},
    parse::{File, invalid},
};

/// Which entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched<'a> {
    /// The one with this scope of the transport; `""` holds for all of it.
    Scope(&'a str),
    /// The default.
    Default,
}

impl File {
    /// The entry that holds for `name` of a transport.
    ///
    /// # Errors
    /// `Invalid` when a name of the transport `docker` is no reference with either a tag or a digest.
    pub fn matched(&self, transport: &str, name: &str) -> Result<Matched<'_>> {
        match self.transports.get(transport) {
            Some(entries) => matched(entries, transport, name),
            None => Ok(Matched::Default),
        }
    }
}

/// The closest of `entries`, whatever they hold.
pub(super) fn matched<'a, T>(
    entries: &'a BTreeMap<String, T>,
    transport: &str,
    name: &str,
) -> Result<Matched<'a>> {
    let candidates = match transport {
        "dir" | "oci" => folders(name),
        _ => places(&named(name).map_err(invalid)?)?,
    };
    let found = candidates
        .iter()
        .find_map(|candidate| entries.get_key_value(candidate))
        .map_or(Matched::Default, |(scope, _)| Matched::Scope(scope));
    Ok(found)
}

/// The scopes that a reference is in, the closest first.
fn places(reference: &Reference) -> Result<Vec<String>> {
    if reference.tag.is_some() == reference.digest.is_some() {
        return Err(invalid(format!(
            "{reference} has both tag and digest, or neither; policy.json wants one of them"
        )));
    }
    let repository = reference.repository.to_string();
    let mut places = vec![reference.to_string()];
    let mut place = repository.as_str();
    places.push(place.to_owned());
    while let Some((above, _)) = place.rsplit_once('/') {
        places.push(above.to_owned());
        place = above;
    }
    let mut host = host_without_port(reference.repository.registry());
    while let Some((_, domain)) = host.split_once('.') {
        places.push(format!("*.{domain}"));
        host = domain;
    }
    places.push(String::new());
    Ok(places)
}

/// The scopes that a folder is in, the closest first.
fn folders(path: &str) -> Vec<String> {
    let mut folders = vec![path.to_owned()];
    let mut place = path;
    while let Some((above, _)) = place
        .rsplit_once('/')
        .filter(|(above, _)| !above.is_empty())
    {
        folders.push(above.to_owned());
        place = above;
    }
    folders.push(String::new());
    folders
}

#[cfg(test)]
mod tests;
