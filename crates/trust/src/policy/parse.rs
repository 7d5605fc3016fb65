//! Reads a policy file: strictly, with the place of what is wrong, and with a suggestion for a mistyped key.

use serde_saphyr::Error as YamlError;
use transship_oci::{Error, ErrorKind, Result};

use super::PolicyFile;
use crate::nearest;

/// The longest policy that is read, in bytes.
pub(super) const MAX_POLICY: usize = 4 * 1024 * 1024;

impl PolicyFile {
    /// Reads a policy; `origin` is the file's name, for people.
    ///
    /// # Errors
    /// `Invalid`, with line and column, for what is no YAML, has an unknown or a repeated key, or a value that does not fit.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        if text.len() > MAX_POLICY {
            let message = format!(
                "the policy has {} bytes, more than the limit of {MAX_POLICY}",
                text.len()
            );
            return Err(Error::new(ErrorKind::Invalid, message).at(origin));
        }
        let file: Self = serde_saphyr::from_str(text).map_err(|error| told(&error, origin))?;
        if file.version != 1 {
            let message = format!("policies of version {} are not known here", file.version);
            return Err(Error::new(ErrorKind::Invalid, message)
                .at(origin)
                .hinting("write `version: 1`, or use a newer transship"));
        }
        Ok(file)
    }

    /// The policy as a text that [`PolicyFile::parse`] reads to the same.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which would be a defect.
    pub fn to_yaml(&self) -> Result<String> {
        serde_saphyr::to_string(self).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the policy cannot be written").because(cause)
        })
    }
}

/// What is wrong with a text of YAML, and where.
pub(super) fn told(error: &YamlError, origin: &str) -> Error {
    let error = error.without_snippet();
    let at = match error.location() {
        Some(place) if place.line() > 0 => {
            format!("{origin}:{}:{}", place.line(), place.column())
        }
        _ => origin.to_owned(),
    };
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message).at(&at);
    let suggest =
        |word: &str, expected: &[&'static str]| match nearest(word, expected.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("use one of: {}", expected.join(", ")),
        };
    match error {
        YamlError::SerdeUnknownField {
            field, expected, ..
        } => invalid(format!("unknown key {field:?}")).hinting(suggest(field, expected)),
        YamlError::SerdeUnknownVariant {
            variant, expected, ..
        } => invalid(format!("unknown value {variant:?}")).hinting(suggest(variant, expected)),
        YamlError::SerdeMissingField { field, .. } => invalid(format!("key {field:?} is missing")),
        YamlError::Message { msg, .. } => invalid(msg.clone()),
        other => invalid(other.to_string().replace('\n', " ")),
    }
}

#[cfg(test)]
mod tests;
