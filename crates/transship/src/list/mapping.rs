//! Where a source goes: a target with places in it that the source fills.

use std::{fmt, str::FromStr};

use transship_oci::{Reference, ReferenceError, Repository, Tag};
use transship_trust::nearest;

/// The names that may stand between braces.
const NAMES: [&str; 4] = ["registry", "repository", "name", "tag"];

/// A target such as `registry.corp.example/mirror/{repository}:{tag}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(&'static str),
}

/// What fills the places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    /// `{registry}` and `{repository}`; `{name}` is the part after the last slash.
    pub(crate) source: &'a Repository,
    /// `{tag}`
    pub(crate) tag: &'a Tag,
}

/// Why a text is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// A name that is none of ours.
    #[error("target {template:?} asks for {{{name}}}; {advice}")]
    Unknown {
        /// The target as written.
        template: String,
        /// The name between the braces.
        name: String,
        /// What could be meant.
        advice: String,
    },
    /// Braces that do not pair.
    #[error("target {0:?} has a brace without its partner")]
    Braces(String),
    /// It makes no reference.
    #[error("target {template:?} makes {made:?}: {cause}")]
    Reference {
        /// The target as written.
        template: String,
        /// What came out of it.
        made: String,
        /// Why that is no reference.
        cause: ReferenceError,
    },
    /// It chooses a digest.
    #[error(
        "target {0:?} names a digest; the digest is the source's and cannot be chosen at the target"
    )]
    Digest(String),
}

impl Template {
    /// The target repository and tag for one source tag. A template without a tag keeps the source's.
    ///
    /// # Errors
    /// When what comes out is no reference.
    pub(crate) fn fill(&self, values: Values<'_>) -> Result<(Repository, Tag), TemplateError> {
        let made = self.render(values);
        let reference: Reference = made.parse().map_err(|cause| TemplateError::Reference {
            template: self.written.clone(),
            made: made.clone(),
            cause,
        })?;
        if reference.digest.is_some() {
            return Err(TemplateError::Digest(self.written.clone()));
        }
        let tag = reference.tag.unwrap_or_else(|| values.tag.clone());
        Ok((reference.repository, tag))
    }

    /// The text with its places filled.
    pub(crate) fn render(&self, values: Values<'_>) -> String {
        let mut made = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => made.push_str(text),
                // In a path a port's colon would start a tag.
                Piece::Value("registry") if !made.is_empty() => {
                    made.push_str(&values.source.registry().replace([':', '[', ']'], "-"));
                }
                Piece::Value("registry") => made.push_str(values.source.registry()),
                Piece::Value("repository") => made.push_str(values.source.path()),
                Piece::Value("name") => {
                    let name = values.source.path().rsplit('/').next();
                    made.push_str(name.unwrap_or_default());
                }
                Piece::Value(_) => made.push_str(values.tag.as_str()),
            }
        }
        made
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let unpaired = || TemplateError::Braces(text.to_owned());
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(open);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let inner = from.strip_prefix('{').ok_or_else(unpaired)?;
            let (name, after) = inner.split_once('}').ok_or_else(unpaired)?;
            let known = NAMES.into_iter().find(|known| *known == name);
            pieces.push(Piece::Value(known.ok_or_else(|| unknown(text, name))?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self {
            written: text.to_owned(),
            pieces,
        })
    }
}

fn unknown(template: &str, name: &str) -> TemplateError {
    let advice = match nearest(name, NAMES) {
        Some(near) => format!("did you mean {{{near}}}?"),
        None => "it can be {registry}, {repository}, {name} or {tag}".to_owned(),
    };
    TemplateError::Unknown {
        template: template.to_owned(),
        name: name.to_owned(),
        advice,
    }
}

#[cfg(test)]
mod tests;
