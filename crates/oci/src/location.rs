//! Locations: where something is, as it may be shown to anybody.

use std::fmt;

use url::Url;

use crate::Repository;

/// One repository, as errors and events name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// A repository at a registry.
    Registry(Repository),
    /// Something local: a folder, a file, memory. The text is for people.
    Local(String),
}

impl Location {
    /// The registry's host, for those that have one: repositories of one host can mount each other's blobs.
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Registry(repository) => Some(repository.registry()),
            Self::Local(_) => None,
        }
    }

    /// The repository, for those that are at a registry.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Registry(repository) => Some(repository),
            Self::Local(_) => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(repository) => repository.fmt(f),
            Self::Local(name) => f.write_str(name),
        }
    }
}

/// A URL whose text cannot give away what is secret in it: user information goes, and every query value too,
/// because signed URLs (SAS, pre-signed S3, upload sessions) carry their authority there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl(pub Url);

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or(""))?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        // The keys as they came: decoded, one could break the line it is shown in.
        for (i, pair) in url
            .query()
            .into_iter()
            .flat_map(|query| query.split('&'))
            .enumerate()
        {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            match pair.split_once('=') {
                Some((key, _)) => write!(f, "{key}=…")?,
                // A value without a key, for all we know.
                None => f.write_str("…")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
