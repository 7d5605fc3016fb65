//! References: how people name an artifact at a registry.

use std::{fmt, str::FromStr};

use crate::Digest;

mod text;

/// The registry behind every Docker Hub alias.
const HUB: &str = "docker.io";
/// Hosts that people write for Docker Hub.
const HUB_ALIASES: [&str; 3] = [
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
];
/// Longest repository name a registry takes (distribution-spec, "Pulling manifests": 255 with host and port).
const MAX_REPOSITORY: usize = 255;

/// A tag: at most 128 characters of `[a-zA-Z0-9_.-]`, the first not `.` or `-` (distribution-spec).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag where a registry without the referrers API keeps the index of a subject's referrers
    /// (distribution-spec, "Referrers Tag Schema"): the algorithm, a dash, and at most 64 hex digits.
    pub fn fallback(subject: &Digest) -> Self {
        let mut hex = subject.hex();
        hex.truncate(64);
        Self(format!("{}-{hex}", subject.algorithm()))
    }

    /// The tags under which cosign keeps the signatures, attestations and SBOMs of a SHA-256 subject. For a SHA-512 one they
    /// would be longer than a tag may be, so nobody can have written them, and nobody should ask.
    pub fn legacy(subject: &Digest) -> [Self; 3] {
        let stem = format!("{}-{}", subject.algorithm(), subject.hex());
        ["sig", "att", "sbom"].map(|kind| Self(format!("{stem}.{kind}")))
    }

    /// For a tag of the form `sha256-<hex>` with or without a suffix: the digest it speaks of.
    pub fn subject(&self) -> Option<Digest> {
        let stem = self.0.split('.').next()?;
        let (algorithm, hex) = stem.split_once('-')?;
        format!("{algorithm}:{hex}").parse().ok()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.contains(['<', '>', '{', '}', '$']) {
            return Err(ReferenceError::Placeholder(text.to_owned()));
        }
        let first = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        let rest = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if first && rest && text.len() <= 128 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::Tag(text.to_owned()))
        }
    }
}

/// What is looked up in a repository: a tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// By tag, which may move.
    Tag(Tag),
    /// By digest, which cannot.
    Digest(Digest),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// A repository at a registry: `host[:port]/path`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// A repository from its two parts, checked and normalised.
    ///
    /// # Errors
    /// When the host or the path is not of the form the specification allows.
    pub fn new(registry: &str, path: &str) -> Result<Self, ReferenceError> {
        check_host(registry)?;
        check_path(path)?;
        let registry = registry.to_ascii_lowercase();
        let registry = if HUB_ALIASES.contains(&registry.as_str()) {
            HUB.to_owned()
        } else {
            registry
        };
        let path = if registry == HUB && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        // What was added counts: it must be read again as it is written.
        check_path(&path)?;
        Ok(Self { registry, path })
    }

    /// Host and port as the user means them: `docker.io`, not the host that serves it.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's path, with no slash at either end.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Reads `[host[:port]/]path`; without a host it is Docker Hub's.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.contains(['<', '>', '{', '}', '$']) {
            return Err(ReferenceError::Placeholder(text.to_owned()));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ReferenceError::Scheme(scheme.to_owned()));
        }
        match text.split_once('/') {
            Some((host, path)) if is_host(host) => Self::new(host, path),
            _ => Self::new(HUB, text),
        }
    }
}

/// A reference: a repository, and what in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Where.
    pub repository: Repository,
    /// Under which tag, if any.
    pub tag: Option<Tag>,
    /// With which digest, if it is pinned.
    pub digest: Option<Digest>,
}

impl Reference {
    /// What to look up: the digest where there is one, else the tag, else `latest`.
    pub fn name(&self) -> Name {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Name::Digest(*digest),
            (None, Some(tag)) => Name::Tag(tag.clone()),
            (None, None) => Name::Tag(Tag("latest".to_owned())),
        }
    }

    /// The tag to publish: none for a reference by digest alone, `latest` where nothing was said.
    pub fn published_tag(&self) -> Option<Tag> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(Tag("latest".to_owned())),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest
            .as_ref()
            .map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.trim() != text {
            return Err(ReferenceError::Space(text.to_owned()));
        }
        let text = text.strip_prefix("docker://").unwrap_or(text);
        let (rest, digest) = match text.split_once('@') {
            // No digest has a slash in it: what stands before the `@` is a login, and is not repeated.
            Some((_, after)) if after.contains('/') => return Err(ReferenceError::Login),
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(ReferenceError::Digest)?)),
            None => (text, None),
        };
        // A colon after the last slash starts a tag; one before it belongs to a port or an IPv6 host.
        let name_at = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest[name_at..].find(':') {
            Some(colon) => (
                &rest[..name_at + colon],
                Some(rest[name_at + colon + 1..].parse()?),
            ),
            None => (rest, None),
        };
        Ok(Self {
            repository: repository.parse()?,
            tag,
            digest,
        })
    }
}

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is nothing.
    #[error("the reference is empty; write registry/repository:tag")]
    Empty,
    /// White space around it.
    #[error("reference {0:?} has white space around it")]
    Space(String),
    /// Somebody copied it from a manual.
    #[error("{0:?} still has a placeholder in it; put the real value there")]
    Placeholder(String),
    /// A user name or password before the host.
    #[error("a reference has no user name or password in it; log in with `transship login HOST`")]
    Login,
    /// A scheme that names no transport we have.
    #[error(
        "transport {0:?} is not known here; write docker://registry/repository:tag or leave the scheme out"
    )]
    Scheme(String),
    /// The host part is not one.
    #[error(
        "{0:?} is not a registry host; it looks like registry.example.com, host:5000 or [::1]:5000"
    )]
    Host(String),
    /// The path part is not one.
    #[error(
        "{0:?} is not a repository name; it has lower-case letters, digits and single . _ - between them, parts divided by /"
    )]
    Path(String),
    /// The tag is not one.
    #[error(
        "{0:?} is not a tag; a tag has at most 128 letters, digits, _ . and -, and starts with a letter, digit or _"
    )]
    Tag(String),
    /// The digest is not one.
    #[error(transparent)]
    Digest(crate::DigestError),
}

/// Does the first part of a name stand for a host? The rule every client follows: a dot, a colon, or `localhost`.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.starts_with('[')
}

fn check_host(host: &str) -> Result<(), ReferenceError> {
    let bad = || ReferenceError::Host(host.to_owned());
    let (name, port) = if let Some(rest) = host.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or_else(bad)?;
        address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
        match after {
            "" => (None, None),
            after => (None, Some(after.strip_prefix(':').ok_or_else(bad)?)),
        }
    } else {
        match host.split_once(':') {
            Some((name, port)) => (Some(name), Some(port)),
            None => (Some(host), None),
        }
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let name_ok = name.is_none_or(|name| name.len() <= 253 && name.split('.').all(label));
    // `parse` alone would take "+5000" too.
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let port_ok =
        port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok_and(|port| port > 0));
    if name_ok && port_ok {
        Ok(())
    } else {
        Err(bad())
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/…)*` of the distribution specification.
fn check_path(path: &str) -> Result<(), ReferenceError> {
    let part_ok = |part: &str| {
        let bytes = part.as_bytes();
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let known = bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(b));
        let runs = part
            .split(|c: char| c.is_ascii_alphanumeric())
            .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'));
        edge(bytes.first()) && edge(bytes.last()) && known && runs
    };
    if path.len() <= MAX_REPOSITORY && path.split('/').all(part_ok) {
        Ok(())
    } else {
        Err(ReferenceError::Path(path.chars().take(300).collect()))
    }
}

#[cfg(test)]
mod tests;
