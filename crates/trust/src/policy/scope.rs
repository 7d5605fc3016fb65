//! Scopes: where a rule holds.

use std::{fmt, str::FromStr};

use transship_oci::{Digest, Error, ErrorKind, Reference, Repository, Result, Tag};

/// Where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `*.example.com`: all hosts below, whatever their port. Kept with its dot: `.example.com`.
    Hosts(String),
    /// A registry, a repository, or what is above one: `registry.example:5000/team`.
    Place(String),
    /// A repository with a tag, in which `*` and `?` may stand for others: `registry.example/app:v1.*`.
    Tags(Repository, String),
    /// A repository with a digest.
    Pinned(Repository, Digest),
}

/// How closely a scope fits: the greatest holds.
///
/// First the kind: a digest before a tag before a pattern of tags before a place before a wildcard for hosts. Then, within
/// a kind, the number of letters that are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u8, usize);

impl Scope {
    /// How closely it fits an artifact that is asked for as `reference` and has the digest `root`; `None` when it does not.
    pub fn fits(&self, reference: &Reference, root: &Digest) -> Option<Rank> {
        let repository = &reference.repository;
        match self {
            Self::Hosts(domain) => {
                let host = host_without_port(repository.registry());
                host.ends_with(domain.as_str())
                    .then_some(Rank(0, domain.len()))
            }
            Self::Place(place) => {
                is_at_or_below(&repository.to_string(), place).then_some(Rank(1, place.len()))
            }
            Self::Tags(here, pattern) => {
                let tag = reference.tag.as_ref().map(Tag::as_str);
                let fits = here == repository && tag.is_some_and(|tag| is_like(pattern, tag));
                let literal = pattern.len() - pattern.matches(['*', '?']).count();
                let kind = if literal == pattern.len() { 3 } else { 2 };
                fits.then_some(Rank(kind, literal))
            }
            Self::Pinned(here, digest) => {
                (here == repository && digest == root).then_some(Rank(4, 0))
            }
        }
    }
}

/// Is a repository the one at `place`, or below it?
pub(super) fn is_at_or_below(repository: &str, place: &str) -> bool {
    repository
        .strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The host of a registry without its port: `[::1]:5000` is `[::1]`.
pub(super) fn host_without_port(registry: &str) -> &str {
    match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => {
            host
        }
        _ => registry,
    }
}

/// Does `text` fit `pattern`, in which `*` stands for any letters and `?` for one? Takes time linear in the product of both.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when a letter does not fit: after the last star, one letter further in the text.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: String| {
            Error::new(ErrorKind::Invalid, format!("scope {text:?} {why}")).hinting(
                "write a registry, registry/repository, registry/repository:tag, registry/repository@digest, or *.example.com",
            )
        };
        if let Some(domain) = text.strip_prefix("*.") {
            let is_domain = !domain.is_empty() && Repository::new(domain, "x").is_ok();
            return if is_domain && !domain.contains([':', '/', '*']) {
                Ok(Self::Hosts(format!(".{}", domain.to_ascii_lowercase())))
            } else {
                Err(bad("is no wildcard for hosts".to_owned()))
            };
        }
        let host = text.split('/').next().unwrap_or_default();
        if !(host.contains(['.', ':']) || host == "localhost") {
            return Err(bad(
                "does not start with a registry's host; names are not completed here".to_owned(),
            ));
        }
        if let Some((repository, digest)) = text.split_once('@') {
            let repository = repository
                .parse()
                .map_err(|e| bad(format!("is none: {e}")))?;
            let digest = digest.parse().map_err(|e| bad(format!("is none: {e}")))?;
            return Ok(Self::Pinned(repository, digest));
        }
        match text.split_once('/') {
            // A host alone: any path serves to check it.
            None => Repository::new(text, "x/x")
                .map(|repository| Self::Place(repository.registry().to_owned()))
                .map_err(|e| bad(format!("is none: {e}"))),
            Some((host, path)) => {
                Self::below(host, path).map_err(|why| bad(format!("is none: {why}")))
            }
        }
    }
}

impl Scope {
    /// A scope that has a path.
    fn below(host: &str, path: &str) -> Result<Self, String> {
        let (path, tag) = match path.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        let repository = Repository::new(host, path).map_err(|e| e.to_string())?;
        let Some(pattern) = tag else {
            // `docker.io/team` is what is above `docker.io/team/app`, not `docker.io/library/team`.
            return Ok(Self::Place(format!("{}/{path}", repository.registry())));
        };
        let plain = pattern.replace(['*', '?'], "x");
        plain.parse::<Tag>().map_err(|e| e.to_string())?;
        Ok(Self::Tags(repository, pattern.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosts(domain) => write!(f, "*{domain}"),
            Self::Place(place) => f.write_str(place),
            Self::Tags(repository, pattern) => write!(f, "{repository}:{pattern}"),
            Self::Pinned(repository, digest) => write!(f, "{repository}@{digest}"),
        }
    }
}

#[cfg(test)]
mod tests;
