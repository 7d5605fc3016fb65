//! Small signed documents beside archives, as bytes, both ways.

use serde::{Serialize, de::DeserializeOwned};
use transship_oci::{Error, ErrorKind, Result};

/// The longest free text, in bytes.
const MAX_TEXT: usize = 255;

/// The one way to write a document: compact JSON, fields in the order of the model.
pub(crate) fn write(what: &str, document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(document).map_err(|cause| {
        Error::new(ErrorKind::Internal, format!("the {what} cannot be written")).because(cause)
    })
}

/// Reads a document of at most `limit` bytes; what it says is checked elsewhere.
pub(crate) fn read<T: DeserializeOwned>(what: &str, json: &[u8], limit: u64) -> Result<T> {
    if json.len() as u64 > limit {
        let size = json.len();
        return Err(corrupt(format!(
            "a {what} of {size} bytes is over the limit of {limit}"
        )));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|cause| {
        let field = cause.path().to_string();
        corrupt(format!("the {what} cannot be read at {field}")).because(cause.into_inner())
    })?;
    reader
        .end()
        .map_err(|cause| corrupt(format!("something follows the {what}")).because(cause))?;
    Ok(document)
}

/// Is it the document that it is taken for, in a version known here?
pub(crate) fn check_type(what: &str, said: (u32, &str), wanted: (u32, &str)) -> Result<()> {
    if said == wanted {
        return Ok(());
    }
    let (version, kind) = wanted;
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the {what} does not say that it is {kind} in version {version}"),
    )
    .hinting("read it with a newer transship, or look whether it is the right file"))
}

/// Free text that is shown to people: short, and unable to move their cursor.
pub(crate) fn check_text(what: &str, field: &str, text: &str) -> Result<()> {
    if text.is_empty() || text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(corrupt(format!(
            "{field} of the {what} is not a text of 1 to {MAX_TEXT} bytes without control characters"
        )));
    }
    Ok(())
}

/// Is each item behind the one before? So none is there twice, and there is one way to write the list.
pub(crate) fn check_order<T: Ord>(
    what: &str,
    list: &str,
    items: impl IntoIterator<Item = T>,
) -> Result<()> {
    if items.into_iter().is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    Err(corrupt(format!("{list} of the {what} are not in order")))
}

pub(crate) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
