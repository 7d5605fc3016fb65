//! The file that Docker calls `config.json` and Podman `auth.json`: one form, two ways to look things up.

use std::{collections::BTreeMap, fmt};

use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::SecretString;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use super::Credential;

/// Docker's own name for "the secret is an identity token".
pub(super) const TOKEN_USER: &str = "<token>";
/// The key under which Docker keeps Docker Hub.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";
/// Base64 as found in such files, with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What such a file says of credentials; what else is in it is passed over.
#[derive(Default, Deserialize)]
pub(super) struct AuthFile {
    #[serde(default)]
    auths: Option<BTreeMap<String, Entry>>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(default, rename = "registrytoken")]
    registry_token: Option<String>,
}

impl AuthFile {
    /// Reads the file's content.
    ///
    /// # Errors
    /// `Invalid` when it is not JSON of that form. What it has is not quoted.
    pub(super) fn parse(content: &[u8]) -> Result<Self> {
        if content.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(content).map_err(|error| {
            let at = format!("it is not JSON of a known form, at line {}", error.line());
            Error::new(ErrorKind::Invalid, at)
        })
    }

    /// The helpers that are to be asked for `registry`, the first first.
    pub(super) fn helpers_of(&self, registry: &str) -> Vec<&str> {
        let own = self.helpers.iter().flatten();
        let own = own
            .filter(|(key, _)| same_registry(key, registry))
            .map(|(_, name)| name.as_str());
        own.take(1)
            .chain(self.store.as_deref())
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// What is written for `registry`; with `repository`, the most specific path wins, as containers tools have it.
    ///
    /// # Errors
    /// `Invalid` when the entry that fits cannot be read.
    pub(super) fn find(
        &self,
        registry: &str,
        repository: Option<&str>,
    ) -> Result<Option<Credential>> {
        let auths = || self.auths.iter().flatten();
        for place in places(registry, repository.unwrap_or_default()) {
            let fitting = auths().find(|(key, _)| normal(key) == place);
            if let Some((key, entry)) = fitting
                && let Some(credential) = entry.credential(key)?
            {
                return Ok(Some(credential));
            }
        }
        for (key, entry) in auths().filter(|(key, _)| same_registry(key, registry)) {
            if let Some(credential) = entry.credential(key)? {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for AuthFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.auths.iter().flatten().map(|(key, _)| key))
            .finish()
    }
}

impl Entry {
    /// `None` for an entry that only says "a helper knows".
    fn credential(&self, key: &str) -> Result<Option<Credential>> {
        let set = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        if let Some(token) = set(&self.identity_token) {
            return Ok(Some(Credential::Identity {
                token: token.into(),
            }));
        }
        if let Some(token) = set(&self.registry_token) {
            return Ok(Some(Credential::Token {
                token: token.into(),
            }));
        }
        if let Some(auth) = set(&self.auth) {
            let pair = decode(&auth).ok_or_else(|| {
                let message = format!("the auth of {key:?} is not base64 of user:password");
                Error::new(ErrorKind::Invalid, message)
            })?;
            return Ok(Some(credential(pair.0, pair.1)));
        }
        match (set(&self.username), set(&self.password)) {
            (Some(user), Some(password)) => Ok(Some(credential(user, password.into()))),
            _ => Ok(None),
        }
    }
}

/// A pair as Docker and its helpers mean it.
pub(super) fn credential(user: String, password: SecretString) -> Credential {
    if user == TOKEN_USER {
        Credential::Identity { token: password }
    } else {
        Credential::Password { user, password }
    }
}

fn decode(auth: &str) -> Option<(String, SecretString)> {
    let pair = String::from_utf8(LENIENT.decode(auth.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    // Docker used to end it with a NUL.
    Some((user.to_owned(), password.trim_end_matches('\0').into()))
}

/// `registry/a/b`, `registry/a`, `registry`.
fn places(registry: &str, repository: &str) -> Vec<String> {
    let mut path = format!("{registry}/{repository}");
    let mut places = Vec::new();
    while let Some(slash) = path.rfind('/') {
        if slash + 1 < path.len() {
            places.push(path.clone());
        }
        path.truncate(slash);
    }
    places.push(path);
    places
}

/// A key without scheme, version and slash at its end.
fn normal(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1")
        .or_else(|| key.strip_suffix("/v2"))
        .unwrap_or(key)
}

/// Is `key` about the registry as a whole, by any of its names?
pub(super) fn same_registry(key: &str, registry: &str) -> bool {
    let key = normal(key);
    let hub = ["docker.io", "index.docker.io", "registry-1.docker.io"];
    key == registry || (registry == "docker.io" && hub.contains(&key))
}

#[cfg(test)]
mod tests;
