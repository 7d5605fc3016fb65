//! The origin of a request: by which scheme and name the client reached us.

use http::{header, request::Parts};

/// Marks a request that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secure;

/// Scheme and host as the client sees them.
pub(crate) fn of(parts: &Parts) -> (&'static str, &str) {
    let scheme = if parts.extensions.get::<Secure>().is_some() {
        "https"
    } else {
        "http"
    };
    let named = parts.headers.get(header::HOST);
    let named = named.and_then(|host| host.to_str().ok());
    // HTTP/2 has the host in the URI.
    let host = named.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let host = host.filter(|host| !host.contains(['"', '\\']));
    (scheme, host.unwrap_or("localhost"))
}
