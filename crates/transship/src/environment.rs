//! The process environment, read once and handed on.

use std::{collections::BTreeMap, path::PathBuf};

use transship_oci::{Error, ErrorKind, Result};

/// Variables by name.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// This process's. Variables that are not UTF-8 are none of ours.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable that is set to something.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// All variables whose name begins with `prefix`.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All of them, for the client, which looks for credentials and proxies there.
    pub(crate) fn to_map(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }

    /// Where state is kept that must outlive the process (XDG base directory specification, `XDG_STATE_HOME`).
    ///
    /// # Errors
    /// `Invalid` when there is no home.
    pub(crate) fn state_dir(&self) -> Result<PathBuf> {
        // The specification: a relative path is to be ignored.
        let named = |name| {
            self.get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        named("XDG_STATE_HOME")
            .or_else(|| named("HOME").map(|home| home.join(".local/state")))
            .map(|base| base.join("transship"))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Invalid,
                    "there is no home directory to keep state in",
                )
                .hinting("set HOME or XDG_STATE_HOME")
            })
    }
}

impl std::fmt::Debug for Environment {
    /// Names alone: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
