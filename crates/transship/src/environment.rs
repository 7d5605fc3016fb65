//! The process environment, read once and handed on.

use std::{collections::BTreeMap, path::PathBuf};

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

    /// The value of a variable that is set, even to nothing: an empty passphrase is one.
    pub(crate) fn set(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
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

    /// Where state is kept that must outlive the process (XDG base directory specification, `XDG_STATE_HOME`); `None`
    /// where there is no home.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        // The specification: a relative path is to be ignored.
        let named = |name| {
            self.get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        named("XDG_STATE_HOME")
            .or_else(|| named("HOME").map(|home| home.join(".local/state")))
            .map(|base| base.join("transship"))
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

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn state_is_kept_where_the_specification_says() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            let folder = pairs.collect::<Environment>().state_dir();
            folder.map(|folder| folder.display().to_string())
        };
        let home = ("HOME", "/nobody");
        assert_eq!(
            of(&[home]).as_deref(),
            Some("/nobody/.local/state/transship")
        );
        assert_eq!(
            of(&[home, ("XDG_STATE_HOME", "/s")]).as_deref(),
            Some("/s/transship")
        );
        assert_eq!(
            of(&[home, ("XDG_STATE_HOME", "relative")]).as_deref(),
            Some("/nobody/.local/state/transship")
        );
        assert_eq!(of(&[("HOME", "")]), None);
    }

    #[test]
    fn values_are_not_shown() {
        let environment: Environment = [("TOKEN".to_owned(), "hunter2".to_owned())]
            .into_iter()
            .collect();
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
    }
}
