//! Mirrors and rewritten places, as `registries.conf` (version 2) writes them. Only reading looks at them.

use std::{fs, path::PathBuf};

use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Name, Repository, Result};

use crate::Environment;

/// What `registries.conf` says, as far as a copy between registries is concerned.
#[derive(Debug, Clone, Default)]
pub struct Mirrors(Vec<Rule>);

/// Where a repository may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The repository there.
    pub repository: Repository,
    /// Is it spoken to in plain http?
    pub plain_http: bool,
}

/// What to do for one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Nothing is said of it.
    Direct,
    /// It is not to be used.
    Blocked,
    /// Try these, the first first; the last is the place itself, as the file has it.
    Places(Vec<Place>),
}

#[derive(Debug, Clone, Deserialize)]
struct File {
    #[serde(default)]
    registry: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule {
    prefix: Option<String>,
    location: Option<String>,
    /// Containers tools skip the check of certificates here; we do not, and read it as plain http.
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default, rename = "mirror-by-digest-only")]
    digest_only: bool,
    #[serde(default, rename = "mirror")]
    mirrors: Vec<Mirror>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Mirror {
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(rename = "pull-from-mirror")]
    pull: Option<Pull>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pull {
    All,
    DigestOnly,
    TagOnly,
}

impl Mirrors {
    /// Reads the text of a `registries.conf`. Tables that speak of other things are passed over.
    ///
    /// # Errors
    /// `Invalid` when it is not TOML, is of version 1, or an entry has neither prefix nor location.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
        let table: toml::Table = toml::from_str(text)
            .map_err(|error| invalid("registries.conf is not TOML".to_owned()).because(error))?;
        if table.contains_key("registries") {
            return Err(invalid("registries.conf is of version 1".to_owned())
                .hinting("write it in version 2, with [[registry]] tables"));
        }
        let File { registry } = table.try_into().map_err(|error| {
            invalid("registries.conf has a [[registry]] of unknown form".to_owned()).because(error)
        })?;
        if let Some(at) = registry.iter().position(|entry| entry.prefix().is_none()) {
            let message = format!(
                "[[registry]] number {} in registries.conf has no location",
                at + 1
            );
            return Err(invalid(message));
        }
        Ok(Self(registry))
    }

    /// Reads this user's file: `$CONTAINERS_REGISTRIES_CONF`, or `~/.config/containers/registries.conf`, or
    /// `/etc/containers/registries.conf`, the first that is there.
    ///
    /// # Errors
    /// As for [`Mirrors::parse`], and `Invalid` when a file is there and cannot be read.
    pub fn of_machine(environment: &Environment) -> Result<Self> {
        let named = environment
            .get("CONTAINERS_REGISTRIES_CONF")
            .map(PathBuf::from);
        let own = environment
            .config_home()
            .map(|config| config.join("containers/registries.conf"));
        let common = PathBuf::from("/etc/containers/registries.conf");
        let places = match named {
            Some(path) => vec![path],
            None => own.into_iter().chain([common]).collect(),
        };
        let Some(path) = places.into_iter().find(|path| path.exists()) else {
            return Ok(Self::default());
        };
        let text = fs::read_to_string(&path).map_err(|error| {
            let message = format!("{} cannot be read", path.display());
            Error::new(ErrorKind::Invalid, message).because(error)
        })?;
        Self::parse(&text).map_err(|error| error.at(path.display()))
    }

    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `repository` may be read when it is asked for by `name`; `None` stands for what is not asked by name,
    /// such as a list of tags.
    ///
    /// # Errors
    /// `Invalid` when a location makes no repository.
    pub fn route(&self, repository: &Repository, name: Option<&Name>) -> Result<Route> {
        let text = repository.to_string();
        let longest = |entry: &&Rule| entry.prefix().map_or(0, str::len);
        let matching = self.0.iter().filter(|entry| entry.covers(&text));
        let Some(entry) = matching.max_by_key(longest) else {
            return Ok(Route::Direct);
        };
        if entry.blocked {
            return Ok(Route::Blocked);
        }
        let mut places = Vec::new();
        for mirror in entry
            .mirrors
            .iter()
            .filter(|mirror| entry.allows(mirror, name))
        {
            places.push(entry.place(&text, &mirror.location, mirror.insecure)?);
        }
        let itself = match &entry.location {
            Some(location) => entry.place(&text, location, entry.insecure)?,
            None => Place {
                repository: repository.clone(),
                plain_http: entry.insecure,
            },
        };
        let nothing_new =
            places.is_empty() && itself.repository == *repository && !itself.plain_http;
        if nothing_new {
            return Ok(Route::Direct);
        }
        places.push(itself);
        Ok(Route::Places(places))
    }
}

impl Rule {
    fn prefix(&self) -> Option<&str> {
        self.prefix
            .as_deref()
            .filter(|prefix| !prefix.is_empty())
            .or(self.location.as_deref())
            .filter(|prefix| !prefix.is_empty())
    }

    /// Does it speak of the repository `text`? A prefix ends where a part of the name ends; `*.host` is any host below.
    fn covers(&self, text: &str) -> bool {
        let Some(prefix) = self.prefix() else {
            return false;
        };
        if let Some(domain) = prefix.strip_prefix("*.") {
            let host = text.split('/').next().unwrap_or_default();
            let host = host.split(':').next().unwrap_or_default();
            return host.len() > domain.len() + 1 && host.ends_with(&format!(".{domain}"));
        }
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn allows(&self, mirror: &Mirror, name: Option<&Name>) -> bool {
        let pull = match mirror.pull {
            Some(pull) => pull,
            None if self.digest_only => Pull::DigestOnly,
            None => Pull::All,
        };
        match pull {
            Pull::All => true,
            Pull::DigestOnly => matches!(name, Some(Name::Digest(_))),
            Pull::TagOnly => !matches!(name, Some(Name::Digest(_))),
        }
    }

    /// `text` with the prefix replaced by `location`.
    fn place(&self, text: &str, location: &str, plain_http: bool) -> Result<Place> {
        let rest = match self.prefix() {
            // A wildcard covers hosts: the whole host gives way.
            Some(prefix) if prefix.starts_with("*.") => {
                text.find('/').map_or("", |slash| &text[slash..])
            }
            Some(prefix) => text.strip_prefix(prefix).unwrap_or_default(),
            None => "",
        };
        let moved = format!("{location}{rest}");
        let repository = moved
            .split_once('/')
            .and_then(|(host, path)| Repository::new(host, path).ok());
        repository
            .map(|repository| Place {
                repository,
                plain_http,
            })
            .ok_or_else(|| {
                let message =
                    format!("{moved:?}, where registries.conf sends {text}, is not a repository");
                Error::new(ErrorKind::Invalid, message)
            })
    }
}

#[cfg(test)]
mod tests;
