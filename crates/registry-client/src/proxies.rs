//! Proxies, from the usual variables.

use std::fmt;

use transship_oci::{Error, ErrorKind, Result};

use crate::Environment;

/// Where requests go instead of straight to the host. Proxy addresses may hold a password.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    any: Option<String>,
    none: String,
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, lower case first.
    pub fn of_environment(environment: &Environment) -> Self {
        let get = |lower: &str, upper: &str| environment.first(&[lower, upper]).map(str::to_owned);
        Self {
            http: get("http_proxy", "HTTP_PROXY"),
            https: get("https_proxy", "HTTPS_PROXY"),
            any: get("all_proxy", "ALL_PROXY"),
            none: get("no_proxy", "NO_PROXY").unwrap_or_default(),
        }
    }

    /// Is there none?
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.any.is_none()
    }

    /// Are they URLs?
    ///
    /// # Errors
    /// `Invalid` when one is not.
    pub(crate) fn check(&self) -> Result<()> {
        self.all().map(drop)
    }

    fn all(&self) -> Result<Vec<reqwest::Proxy>> {
        let invalid = |_| {
            // The address is left out: it may hold a password.
            Error::new(ErrorKind::Invalid, "the address of a proxy is not a URL").hinting(
                "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; they look like http://proxy.example:3128",
            )
        };
        let proxies = [
            self.http.as_deref().map(reqwest::Proxy::http),
            self.https.as_deref().map(reqwest::Proxy::https),
            self.any.as_deref().map(reqwest::Proxy::all),
        ];
        proxies
            .into_iter()
            .flatten()
            .map(|proxy| proxy.map_err(invalid))
            .collect()
    }

    /// Adds them to an HTTP client. This machine is never reached through a proxy.
    pub(crate) fn apply(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        let exempt = format!("localhost,127.0.0.0/8,::1,{}", self.none);
        let exempt = reqwest::NoProxy::from_string(&exempt);
        // Nothing but what we were given: the client's own look at the environment is switched off.
        let mut builder = builder.no_proxy();
        for proxy in self.all()? {
            builder = builder.proxy(proxy.no_proxy(exempt.clone()));
        }
        Ok(builder)
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("all", &self.any.is_some())
            .field("none", &self.none)
            .finish()
    }
}
