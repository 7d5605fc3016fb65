//! Where a cloud is spoken to, when the settings say so.

use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use crate::store::address::is_loopback;

/// Reads the URL of an endpoint. `names` says which settings it came from.
///
/// # Errors
/// `Invalid` for what is no URL, and for plain http to anything but this machine: credentials would go in the clear.
pub(in crate::store) fn secure_url(text: &str, names: &str) -> Result<Url> {
    let bad = || Error::new(ErrorKind::Invalid, format!("{names} no https URL"));
    let url: Url = text.parse().map_err(|cause| bad().because(cause))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        return Ok(url);
    }
    Err(bad())
}

#[cfg(test)]
mod tests;
