//! May one host send us to another?

use transship_oci::{Error, ErrorKind, Result, SafeUrl};
use url::Url;

use super::wire::Wires;
use crate::{address, authority};

/// Judges the way from `from` to `to`, be it a redirect or the realm of a challenge; `what` names it.
///
/// `Ok(true)`: the host must turn out to have a public address. A name is judged where it is resolved, so that the
/// address judged is the address used. Hosts that the user names in the settings may be anywhere.
///
/// # Errors
/// `Denied` when it leads from https to http, or from a public host into a private network.
pub(super) async fn judge(wires: &Wires, from: &Url, to: &Url, what: &str) -> Result<bool> {
    let refuse = |why: &str| {
        let message = format!("{what} to {} is refused: {why}", SafeUrl(to.clone()));
        Error::new(ErrorKind::Denied, message)
    };
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(refuse("it leads from https to http")
            .hinting("have the registry's owner set its public address to https"));
    }
    let known = wires.settings().knows(&authority::of(to));
    if authority::same(from, to) || known || !wires.is_public(from).await {
        return Ok(false);
    }
    let host = to.host_str().unwrap_or_default();
    let private =
        address::literal(host).map_or_else(|| address::is_loopback_host(host), address::is_private);
    if private {
        return Err(refuse("it leads from a public host into a private network")
            .hinting("if that is meant, name the host in the settings"));
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
