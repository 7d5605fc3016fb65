//! XML as the stores write it.

use serde::de::DeserializeOwned;
use transship_oci::{Error, ErrorKind, Result};

/// Reads a document. Azure puts a byte order mark in front.
///
/// # Errors
/// `Corrupt`.
pub(in crate::store) fn from_xml<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let bad = || {
        Error::new(
            ErrorKind::Corrupt,
            "the store answered with XML that makes no sense",
        )
    };
    let text = std::str::from_utf8(body).map_err(|cause| bad().because(cause))?;
    let text = text.trim_start_matches('\u{feff}');
    quick_xml::de::from_str(text).map_err(|cause| bad().because(cause))
}
