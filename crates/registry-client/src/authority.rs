//! Hosts as references write them, from and to URLs.

use transship_oci::{Error, ErrorKind, Result};
use url::Url;

/// The host that serves Docker Hub's registry.
const HUB_HOST: &str = "registry-1.docker.io";

/// `host[:port]` of `url`, without the port where it is the scheme's own.
pub(crate) fn of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The root URL of `registry`.
///
/// # Errors
/// `Invalid` when it is no host.
pub(crate) fn base(registry: &str, plain: bool) -> Result<Url> {
    let host = if registry == "docker.io" {
        HUB_HOST
    } else {
        registry
    };
    let scheme = if plain { "http" } else { "https" };
    Url::parse(&format!("{scheme}://{host}/"))
        .ok()
        .filter(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("{registry:?} is not a registry host"),
            )
            .hinting("write the host alone, such as registry.example.com or host:5000")
        })
}

/// Same scheme, host and port: who may see what was meant for the other.
pub(crate) fn same(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}
