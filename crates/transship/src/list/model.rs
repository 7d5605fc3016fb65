//! The list as it is written.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use transship_oci::{Error, ErrorKind, Platform, PlatformError, Repository, Result, Tag};

use super::{
    mapping::Template,
    select::{Pattern, Selection},
    version::Requirement,
};
use crate::{args::Span, yaml};

/// A whole list, checked.
#[derive(Debug)]
pub(crate) struct List {
    /// The entries, in the order written.
    pub(crate) entries: Vec<Entry>,
    /// Which platforms every artifact must serve.
    pub(crate) require_platforms: Vec<Platform>,
}

/// One repository to copy from.
#[derive(Debug)]
pub(crate) struct Entry {
    /// From where.
    pub(crate) source: Repository,
    /// To where; at least one, if the list must say.
    pub(crate) targets: Vec<Template>,
    /// Which tags.
    pub(crate) selection: Selection,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawList {
    #[serde(default)]
    defaults: RawEntry,
    #[serde(default)]
    require_platforms: Vec<String>,
    sync: Vec<RawEntry>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RawEntry {
    source: Option<String>,
    target: Option<String>,
    targets: Option<Vec<String>>,
    #[serde(deserialize_with = "names_or_selection")]
    tags: Option<RawSelection>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RawSelection {
    exact: Vec<String>,
    glob: Vec<String>,
    semver: Option<String>,
    suffix: Option<String>,
    exclude: Vec<String>,
    newest: Option<usize>,
    min_age: Option<Span>,
}

/// Must every entry say where it goes?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Yes: the list is to be copied.
    Required,
    /// No: what goes into an archive keeps its names unless told otherwise.
    Optional,
}

impl List {
    /// Reads a list; `origin` is its file's name, for people.
    ///
    /// # Errors
    /// `Invalid`, naming the place or the entry, for whatever makes no sense.
    pub(crate) fn parse(text: &str, origin: &str, targets: Targets) -> Result<Self> {
        let raw: RawList = yaml::read(text, origin)?;
        let defaults = &raw.defaults;
        if defaults.source.is_some() {
            return Err(invalid("defaults have no source").at(origin));
        }
        let entries = raw
            .sync
            .iter()
            .enumerate()
            .map(|(i, entry)| {
                entry
                    .check(defaults, targets)
                    .map_err(|error| error.at(format!("{origin}: entry {}", i + 1)))
            })
            .collect::<Result<_>>()?;
        let require_platforms = raw
            .require_platforms
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|error: PlatformError| said(error).at(origin))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            entries,
            require_platforms,
        })
    }
}

impl RawEntry {
    fn check(&self, defaults: &Self, wanted: Targets) -> Result<Entry> {
        let source = self
            .source
            .as_deref()
            .ok_or_else(|| invalid("key \"source\" is missing"))?;
        let targets = match (self.own_targets()?, defaults.own_targets()?) {
            (own, _) if !own.is_empty() => own,
            (_, default) if !default.is_empty() || wanted == Targets::Optional => default,
            _ => {
                return Err(invalid("there is no target")
                    .hinting("add target: or targets:, here or in defaults"));
            }
        };
        Ok(Entry {
            source: repository(source)?,
            targets,
            selection: match self.tags.as_ref().or(defaults.tags.as_ref()) {
                Some(tags) => tags.check()?,
                None => {
                    return Err(invalid("there are no tags").hinting(
                        "add tags:, here or in defaults; tags: {glob: [\"*\"]} is all of them",
                    ));
                }
            },
        })
    }

    fn own_targets(&self) -> Result<Vec<Template>> {
        self.target
            .iter()
            .chain(self.targets.iter().flatten())
            .map(|text| text.parse().map_err(said))
            .collect()
    }
}

impl RawSelection {
    fn check(&self) -> Result<Selection> {
        let patterns = |texts: &[String]| {
            texts
                .iter()
                .map(|text| Pattern::new(text).map_err(said))
                .collect::<Result<Vec<_>>>()
        };
        let selection = Selection {
            exact: self
                .exact
                .iter()
                .map(|tag| tag.parse::<Tag>().map_err(said))
                .collect::<Result<_>>()?,
            glob: patterns(&self.glob)?,
            semver: self
                .semver
                .as_deref()
                .map(|text| text.parse::<Requirement>().map_err(said))
                .transpose()?,
            suffix: self.suffix.clone().unwrap_or_default(),
            exclude: patterns(&self.exclude)?,
            newest: self.newest,
            min_age: self.min_age,
        };
        if selection.newest == Some(0) {
            return Err(invalid("newest: 0 selects nothing"));
        }
        if selection.exact.is_empty() && !selection.needs_listing() {
            return Err(invalid("tags select nothing")
                .hinting("name some, or give glob:, semver: or newest:"));
        }
        Ok(selection)
    }
}

fn repository(text: &str) -> Result<Repository> {
    let reference: transship_oci::Reference = text.parse().map_err(said)?;
    if reference.tag.is_some() || reference.digest.is_some() {
        let message = format!("source {text:?} names a tag or digest");
        return Err(
            invalid(&message).hinting("write the repository alone, and the tags under tags:")
        );
    }
    Ok(reference.repository)
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

fn said(error: impl std::fmt::Display) -> Error {
    invalid(&error.to_string())
}

/// Tags are a list of names, or a description.
///
/// Written out because an untagged choice would first read the value untyped: `3.20` would become the number 3.2, and
/// a mistyped key would lose its name.
fn names_or_selection<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RawSelection>, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Option<RawSelection>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of tags, or a description of them")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Self::Value, A::Error> {
            let exact = Vec::deserialize(SeqAccessDeserializer::new(names))?;
            Ok(Some(RawSelection {
                exact,
                ..RawSelection::default()
            }))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            RawSelection::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Either)
}

#[cfg(test)]
mod tests;
