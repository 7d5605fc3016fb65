//! YAML from people: capped, strict, and with a suggestion for a mistyped key.

use serde::de::DeserializeOwned;
use serde_saphyr::Error as YamlError;
use transship_oci::{Error, ErrorKind, Result};
use transship_trust::nearest;

/// The longest document that is read, in bytes.
pub(crate) const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;

/// Reads a document; `origin` is the file's name, for people.
///
/// # Errors
/// `Invalid`, with line and column, for what is no YAML, has an unknown key, or a value that does not fit.
pub(crate) fn read<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T> {
    if text.len() as u64 > MAX_DOCUMENT {
        let message = format!("{} bytes are over the limit of {MAX_DOCUMENT}", text.len());
        return Err(Error::new(ErrorKind::Invalid, message).at(origin));
    }
    serde_saphyr::from_str(text).map_err(|error| explain(&error, origin))
}

fn explain(error: &YamlError, origin: &str) -> Error {
    let error = error.without_snippet();
    let at = match error.location() {
        Some(location) if location.line() > 0 => {
            format!("{origin}:{}:{}", location.line(), location.column())
        }
        _ => origin.to_owned(),
    };
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message).at(&at);
    match error {
        YamlError::SerdeUnknownField {
            field, expected, ..
        } => {
            let message = format!("unknown key {field:?}");
            let hint = match nearest(field, expected.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("use one of: {}", expected.join(", ")),
            };
            invalid(message).hinting(hint)
        }
        YamlError::SerdeMissingField { field, .. } => invalid(format!("key {field:?} is missing")),
        YamlError::Message { msg, .. } => invalid(msg.clone()),
        other => invalid(other.to_string().replace('\n', " ")),
    }
}
