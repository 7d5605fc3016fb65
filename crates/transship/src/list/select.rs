//! Which tags of a repository are meant, and why the others are not.

use std::{cmp::Reverse, fmt};

use globset::{GlobBuilder, GlobMatcher};
use transship_oci::Tag;

use super::version::{Requirement, Version};
use crate::args::Span;

/// A description of tags.
///
/// `exact` names some outright. `glob`, `semver` and `newest` describe more of them; a tag must fit all of these that are
/// given. `exclude` and `min_age` hold for every tag, however it was found.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// These by name; one that does not exist is an error.
    pub(crate) exact: Vec<Tag>,
    /// Any of these.
    pub(crate) glob: Vec<Pattern>,
    /// Versions in this range.
    pub(crate) semver: Option<Requirement>,
    /// What ends every tag that is meant, and is no part of its version: `-alpine`.
    pub(crate) suffix: String,
    /// None of these.
    pub(crate) exclude: Vec<Pattern>,
    /// So many of the highest versions.
    pub(crate) newest: Option<usize>,
    /// Only artifacts at least so old.
    pub(crate) min_age: Option<Span>,
}

/// A shell pattern over tags: `*`, `?`, `[a-z]`, `{a,b}`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Reads a pattern.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text)
            .build()
            .map_err(|error| format!("{text:?} is not a pattern: {}", error.kind()))?;
        Ok(Self {
            text: text.to_owned(),
            matcher: glob.compile_matcher(),
        })
    }

    fn matches(&self, tag: &Tag) -> bool {
        self.matcher.is_match(tag.as_str())
    }
}

/// What became of one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The tag.
    pub(crate) tag: Tag,
    /// Why it is selected or not.
    pub(crate) why: Why,
}

/// Why a tag is selected or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is meant.
    Selected,
    /// It holds signatures or referrers, and travels with what it belongs to.
    BelongsToAnother,
    /// No `glob` matches.
    NoGlob,
    /// It does not end as it should.
    NoSuffix(String),
    /// It is no version, so neither `semver` nor `newest` can judge it.
    NoVersion,
    /// It is outside the range.
    OutOfRange,
    /// An `exclude` matches.
    Excluded(String),
    /// There are enough newer ones.
    Older(usize),
    /// It is younger than `min-age`.
    TooYoung {
        /// How old it is.
        age: Span,
        /// How old it must be.
        wanted: Span,
    },
    /// It does not say when it was made, so `min-age` cannot judge it.
    AgeUnknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selected => f.write_str("selected"),
            Self::BelongsToAnother => {
                f.write_str("it holds what belongs to another artifact and travels with that")
            }
            Self::NoGlob => f.write_str("no glob matches it"),
            Self::NoSuffix(suffix) => write!(f, "it does not end in {suffix:?}"),
            Self::NoVersion => f.write_str("it is not a version"),
            Self::OutOfRange => f.write_str("its version is outside the range"),
            Self::Excluded(pattern) => write!(f, "exclude {pattern:?} matches it"),
            Self::Older(newest) => write!(f, "it is not among the newest {newest}"),
            Self::TooYoung { age, wanted } => write!(f, "it is {age} old, and min-age is {wanted}"),
            Self::AgeUnknown => {
                f.write_str("it does not say when it was made, and there is a min-age")
            }
        }
    }
}

impl Selection {
    /// Must the repository's tags be listed to know what is meant?
    pub(crate) fn needs_listing(&self) -> bool {
        !self.glob.is_empty()
            || self.semver.is_some()
            || self.newest.is_some()
            || !self.suffix.is_empty()
    }

    /// Judges every tag by its name. What is [`Why::Selected`] comes first, the newest version first where versions
    /// matter; `newest` is not applied yet, because a tag that is too young must not take a place.
    pub(crate) fn judge(&self, listed: &[Tag]) -> Vec<Decision> {
        let exact = self.exact.iter().filter(|tag| !listed.contains(tag));
        let mut decisions: Vec<_> = exact
            .chain(listed)
            .map(|tag| Decision {
                tag: tag.clone(),
                why: self.judge_one(tag),
            })
            .collect();
        if self.newest.is_some() {
            decisions.sort_by_key(|decision| Reverse(self.version(&decision.tag)));
        }
        decisions.sort_by_key(|decision| decision.why != Why::Selected);
        decisions
    }

    /// Is this tag one of the `newest`, of which `taken` were taken before it?
    pub(crate) fn has_room(&self, tag: &Tag, taken: usize) -> bool {
        self.exact.contains(tag) || self.newest.is_none_or(|newest| taken < newest)
    }

    /// Does the tag count among the `newest`? One that is named outright does not.
    pub(crate) fn counts(&self, tag: &Tag) -> bool {
        !self.exact.contains(tag)
    }

    fn judge_one(&self, tag: &Tag) -> Why {
        if let Some(pattern) = self.exclude.iter().find(|pattern| pattern.matches(tag)) {
            return Why::Excluded(pattern.text.clone());
        }
        if self.exact.contains(tag) {
            return Why::Selected;
        }
        if tag.subject().is_some() {
            return Why::BelongsToAnother;
        }
        if !self.glob.is_empty() && !self.glob.iter().any(|pattern| pattern.matches(tag)) {
            return Why::NoGlob;
        }
        if !tag.as_str().ends_with(&self.suffix) {
            return Why::NoSuffix(self.suffix.clone());
        }
        if self.semver.is_none() && self.newest.is_none() {
            return Why::Selected;
        }
        match self.version(tag) {
            None => Why::NoVersion,
            Some(version)
                if self
                    .semver
                    .as_ref()
                    .is_some_and(|range| !range.matches(&version)) =>
            {
                Why::OutOfRange
            }
            Some(_) => Why::Selected,
        }
    }

    fn version(&self, tag: &Tag) -> Option<Version> {
        Version::of_tag(tag.as_str().strip_suffix(&self.suffix)?)
    }
}

#[cfg(test)]
mod tests;
