//! Names of objects.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use transship_oci::Error;

use super::invalid;

/// The longest name that all clouds take, in bytes.
const MAX_KEY: usize = 1024;

/// Everything but what never needs encoding (RFC 3986 section 2.3): what S3's signatures count on.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A key that means the same in a URL as it does to the store.
pub(super) fn checked(key: &str) -> Result<String, Error> {
    let folder = key.strip_suffix('/').unwrap_or(key);
    let bad = if key.len() > MAX_KEY {
        "it is longer than 1024 bytes"
    } else if key.contains(['\\', '\u{7f}']) || key.contains(char::is_control) {
        "it has a backslash or a control character in it"
    } else if !key.is_empty()
        && folder
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
    {
        // Whoever makes a URL of it would ask for another object.
        "one of its folders is `.`, `..` or empty"
    } else {
        return Ok(key.to_owned());
    };
    Err(invalid(format!(
        "the name of the object cannot be used: {bad}"
    )))
}

/// A key as the path of a URL.
pub(in crate::store) fn encode(key: &str) -> String {
    let mut path = String::with_capacity(key.len());
    for (i, part) in key.split('/').enumerate() {
        if i > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(part, &RESERVED));
    }
    path
}

/// A key as one segment of a path, or as a value of a query.
pub(in crate::store) fn encode_segment(key: &str) -> String {
    utf8_percent_encode(key, &RESERVED).to_string()
}
