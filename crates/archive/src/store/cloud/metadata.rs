//! What the writer of an object says of it, as headers.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use transship_oci::{Error, ErrorKind, Result};

/// More than any of the clouds keeps: 8 KiB.
const MAX_METADATA: usize = 8 * 1024;

/// Headers for `metadata`, each name behind `prefix`.
///
/// # Errors
/// `Invalid` when a name or a value cannot be a header, or all together are too long.
pub(in crate::store) fn write(
    prefix: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<HeaderMap> {
    let total: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if total > MAX_METADATA {
        return Err(Error::new(
            ErrorKind::Invalid,
            "the metadata of the object are longer than 8 KiB",
        ));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in metadata {
        let header = HeaderName::from_bytes(format!("{prefix}{name}").as_bytes());
        let (Ok(header), Ok(value)) = (header, HeaderValue::from_str(value)) else {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("the store cannot keep the metadata {name}"),
            ));
        };
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Those of `headers` that begin with `prefix`, without it.
pub(in crate::store) fn read(prefix: &str, headers: &HeaderMap) -> BTreeMap<String, String> {
    let ours = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(prefix)?;
        Some((name.to_owned(), value.to_str().ok()?.to_owned()))
    });
    ours.collect()
}
