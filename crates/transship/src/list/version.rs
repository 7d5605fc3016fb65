//! Tags as versions: what vendors write, ranked as a person would.

use std::{cmp::Ordering, str::FromStr};

use semver::{Prerelease, VersionReq};

/// A version read from a tag: `1.4`, `v1.4.2`, `8.0.1.3`, `1.4.2-rc.1`, `1.4.2+build`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: Vec<u64>,
    pre: Prerelease,
}

/// The most numbers between dots: four-part versions exist, more is a date or an address.
const MAX_NUMBERS: usize = 4;

impl Version {
    /// Reads a tag; `None` when it is no version.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let text = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        // `+` cannot stand in a tag; some write `_` for it. Neither takes part in the order.
        let text = text.split(['+', '_']).next()?;
        let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
        let numbers: Vec<u64> = numbers
            .split('.')
            .map(|part| {
                part.bytes()
                    .all(|b| b.is_ascii_digit())
                    .then(|| part.parse().ok())
                    .flatten()
            })
            .collect::<Option<_>>()?;
        let pre = Prerelease::new(pre).ok()?;
        (numbers.len() <= MAX_NUMBERS).then_some(Self { numbers, pre })
    }

    fn number(&self, i: usize) -> u64 {
        self.numbers.get(i).copied().unwrap_or(0)
    }

    /// Its first three numbers, as the semver rules want them.
    fn semver(&self) -> semver::Version {
        semver::Version {
            pre: self.pre.clone(),
            ..semver::Version::new(self.number(0), self.number(1), self.number(2))
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = (0..MAX_NUMBERS).map(|i| self.number(i).cmp(&other.number(i)));
        numbers
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| self.pre.cmp(&other.pre))
            // `1.4` moves on while `1.4.0` stays: the longer one says more.
            .then_with(|| self.numbers.len().cmp(&other.numbers.len()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A range of versions: `>=1.20, <2`, or several, divided by `||`.
#[derive(Debug, Clone)]
pub(crate) struct Requirement(Vec<VersionReq>);

/// Why a text is not a range.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not a range of versions: {cause}; write for example \">=1.20, <2\" or \"1.4.x || ^2\""
)]
pub(crate) struct RequirementError {
    text: String,
    cause: semver::Error,
}

impl Requirement {
    /// Is the version in the range? One with a suffix (`1.4.0-rc.1`) only if the range names such a one.
    pub(crate) fn matches(&self, version: &Version) -> bool {
        let version = version.semver();
        self.0.iter().any(|range| range.matches(&version))
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        text.split("||")
            .map(|part| {
                part.trim().parse().map_err(|cause| RequirementError {
                    text: text.to_owned(),
                    cause,
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests;
