//! The HTTP client, which is ours and which those who fetch tokens share.

use std::time::Duration;

use object_store::{
    ClientOptions, RetryConfig,
    client::{HttpClient, HttpConnector},
};
use reqwest::{Certificate, redirect::Policy};
use transship_oci::{Error, ErrorKind, Result};

use super::CloudSettings;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for the stores of one command. Proxies are those of the environment.
///
/// # Errors
/// `Invalid` when a certificate is none.
pub(in crate::store) fn client(settings: &CloudSettings) -> Result<reqwest::Client> {
    let mut authorities = Vec::new();
    for pem in &settings.authorities {
        let read = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|cause| {
            Error::new(
                ErrorKind::Invalid,
                "the certificate of an authority is not PEM",
            )
            .because(cause)
        })?;
        authorities.extend(read);
    }
    reqwest::Client::builder()
        // One connection a transfer: one HTTP/2 connection is one congestion window for all.
        .http1_only()
        .tls_certs_merge(authorities)
        .user_agent(&settings.user_agent)
        .redirect(Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .build()
        .map_err(|cause| {
            Error::new(ErrorKind::Internal, "the HTTP client could not be set up").because(cause)
        })
}

/// How much trouble a token is worth. Where there is no identity nobody answers, and a minute is long to find that out.
pub(in crate::store) fn token_patience() -> RetryConfig {
    RetryConfig {
        max_retries: 3,
        retry_timeout: Duration::from_secs(30),
        ..RetryConfig::default()
    }
}

/// Our client, for those who fetch tokens.
#[derive(Debug, Clone)]
pub(in crate::store) struct Shared(pub(in crate::store) reqwest::Client);

impl HttpConnector for Shared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
