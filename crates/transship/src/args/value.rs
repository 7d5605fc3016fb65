//! Values that several commands take.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};
use transship_oci::{Reference, ReferenceError, Repository, Tag};

/// A length of time as people write it: `90s`, `10m`, `1h30m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a length of time; write a number and s, m, h, d or w, such as 90s, 1h30m or 7d"
)]
pub(crate) struct SpanError(String);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let bad = || SpanError(text.chars().take(40).collect());
        let mut rest = text;
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
            let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
            let unit = match rest.as_bytes()[digits] {
                b's' => 1,
                b'm' => 60,
                b'h' => 3600,
                b'd' => 24 * 3600,
                b'w' => 7 * 24 * 3600,
                _ => return Err(bad()),
            };
            seconds = number
                .checked_mul(unit)
                .and_then(|part| seconds.checked_add(part))
                .ok_or_else(bad)?;
            rest = &rest[digits + 1..];
        }
        if text.is_empty() {
            return Err(bad());
        }
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
            if rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Where to copy to: a reference, with the parts that the source can fill in left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagTarget {
    written: String,
    /// It ended in `/`: the source's last name goes there.
    folder: bool,
}

impl TagTarget {
    /// The target repository and the tag to publish there (none: by digest alone).
    ///
    /// # Errors
    /// When the result is no reference, or asks for another digest than the source's.
    pub(crate) fn fill(
        &self,
        source: &Reference,
    ) -> Result<(Repository, Option<Tag>), ReferenceError> {
        let name = source
            .repository
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let text = if self.folder {
            format!("{}{name}", self.written)
        } else {
            self.written.clone()
        };
        let target: Reference = text.parse()?;
        let tag = target.tag.or_else(|| source.published_tag());
        Ok((target.repository, tag))
    }
}

impl fmt::Display for TagTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for TagTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        known_transport(text)?;
        let written = text.strip_prefix("docker://").unwrap_or(text).to_owned();
        let folder = written.ends_with('/');
        let probe = if folder {
            format!("{written}x")
        } else {
            written.clone()
        };
        let reference: Reference = probe.parse().map_err(|e: ReferenceError| e.to_string())?;
        if reference.digest.is_some() {
            return Err(format!(
                "{text:?} names a digest; the digest is the source's and cannot be chosen at the target"
            ));
        }
        Ok(Self { written, folder })
    }
}

/// A reference, as people write it on a command line.
pub(crate) fn reference(text: &str) -> Result<Reference, String> {
    known_transport(text)?;
    text.parse()
        .map_err(|error: ReferenceError| error.to_string())
}

/// `oci:folder` would be a tag of a repository called `oci` on Docker Hub. Whoever knows skopeo means a transport; who
/// means that repository can write its host.
fn known_transport(text: &str) -> Result<(), String> {
    const TRANSPORTS: [&str; 7] = [
        "oci",
        "oci-archive",
        "docker-archive",
        "docker-daemon",
        "containers-storage",
        "dir",
        "tarball",
    ];
    match text.split_once(':') {
        Some((transport, _)) if TRANSPORTS.contains(&transport) => {
            Err(ReferenceError::Scheme(transport.to_owned()).to_string())
        }
        _ => Ok(()),
    }
}

/// A repository, without tag or digest.
pub(crate) fn repository(text: &str) -> Result<Repository, String> {
    let reference = reference(text)?;
    match (&reference.tag, &reference.digest) {
        (None, None) => Ok(reference.repository),
        _ => Err(format!(
            "{text:?} names a tag or digest; write the repository alone: {}",
            reference.repository
        )),
    }
}

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not of the form KEY=VALUE")),
    }
}
