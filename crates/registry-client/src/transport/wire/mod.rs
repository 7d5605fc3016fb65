//! The wire: one request, one answer. No redirects, no second tries, nothing remembered.

mod guard;
mod patience;
mod wires;

use std::{error::Error as _, io, sync::Arc, time::Duration};

use http::{Method, header};
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use transship_oci::{Error, ErrorKind, Result, Retry};
use url::Url;

use self::guard::PublicOnly;
pub(super) use self::wires::Wires;
use super::{Answer, Room, exchange::Exchange};
use crate::authority;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// The connections to hosts that share one set of TLS settings.
#[derive(Debug)]
pub(super) struct Wire {
    /// Short requests; many may share one HTTP/2 connection.
    control: reqwest::Client,
    /// Transfers of blobs: a connection each, since one HTTP/2 connection is one congestion window for all.
    data: reqwest::Client,
    /// For where a public host sends us: names that lead into private networks do not resolve.
    guarded: reqwest::Client,
}

/// What all wires are built from.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) proxies: crate::Proxies,
    pub(super) user_agent: String,
    pub(super) max_connections: usize,
}

impl Wire {
    pub(super) fn new(material: &Material, tls: &ClientConfig) -> Result<Self> {
        let build = |builder: reqwest::ClientBuilder, h2: bool| {
            let mut tls = tls.clone();
            tls.alpn_protocols = if h2 {
                vec![b"h2".to_vec(), b"http/1.1".to_vec()]
            } else {
                vec![b"http/1.1".to_vec()]
            };
            material
                .proxies
                .apply(builder)?
                .tls_backend_preconfigured(tls)
                .user_agent(&material.user_agent)
                .redirect(Policy::none())
                .referer(false)
                .tcp_nodelay(true)
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(material.max_connections)
                .build()
                .map_err(|error| {
                    Error::new(ErrorKind::Internal, "the HTTP client could not be set up")
                        .because(error)
                })
        };
        let client = reqwest::Client::builder;
        // With a proxy it is the proxy that resolves names, and its own may well be private.
        let guarded = if material.proxies.is_empty() {
            client().http1_only().dns_resolver(PublicOnly)
        } else {
            client().http1_only()
        };
        Ok(Self {
            control: build(client().http2_max_header_list_size(256 * 1024), true)?,
            data: build(client().http1_only(), false)?,
            guarded: build(guarded, false)?,
        })
    }

    /// Sends `exchange` as `step` says and waits for the head of the answer.
    ///
    /// # Errors
    /// `Unavailable` for whatever happens to the connection; what the body's own stream broke off with, as it is.
    pub(super) async fn send(&self, exchange: &Exchange, step: &Step) -> Result<Answer> {
        let client = match (step.guarded, exchange.room) {
            (true, _) => &self.guarded,
            (false, Room::Held) => &self.data,
            (false, Room::Own) => &self.control,
        };
        let mut headers = exchange.headers.clone();
        if let Some(value) = exchange.authorization.as_ref().filter(|_| step.trusted) {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let mut request = client
            .request(step.method.clone(), step.url.clone())
            .headers(headers);
        if let Some(body) = exchange.payload.body().filter(|_| step.with_body) {
            request = request.body(body);
        }
        let error = match patience::wait(request.send(), exchange).await {
            Ok(Ok(response)) => return Ok(Answer::new(response, Arc::clone(&exchange.label))),
            Ok(Err(error)) => no_answer(exchange, error),
            Err(error) => error,
        };
        // What broke the body off is nearer to the cause than what the connection says of it.
        Err(exchange.payload.failure().unwrap_or(error))
    }
}

/// One hop of an exchange.
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Is the body sent along?
    pub(super) with_body: bool,
    /// Is this still the host that the credentials are for?
    pub(super) trusted: bool,
    /// Must the host have a public address?
    pub(super) guarded: bool,
}

/// What became of a request that got no answer. A certificate that is not trusted now will not be in a second.
fn no_answer(exchange: &Exchange, error: reqwest::Error) -> Error {
    let host = exchange.url.host_str().unwrap_or_default();
    let connecting = error.is_timeout() || error.is_connect();
    let untrusted = untrusted(&error);
    let what = match (&untrusted, connecting) {
        (Some(_), _) => "the certificate is not trusted that was shown by",
        (None, true) => "no connection to",
        (None, false) => "the connection broke before an answer came from",
    };
    let named = exchange
        .label
        .error(ErrorKind::Unavailable, format!("{what} {host}"))
        .because(error.without_url());
    if untrusted.is_none() {
        return named;
    }
    named.retrying(Retry::No).hinting(format!(
        "if it is signed by an authority of your own, put that into /etc/containers/certs.d/{}/ca.crt",
        authority::of(&exchange.url)
    ))
}

/// What TLS says of the certificate, when that is what the connection failed on.
fn untrusted(error: &reqwest::Error) -> Option<rustls::CertificateError> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(rustls::Error::InvalidCertificate(error)) = cause.downcast_ref() {
            return Some(error.clone());
        }
        // An IO error's own source leaves out the error that it was made of.
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = inner.map_or_else(|| cause.source(), |inner| Some(inner));
    }
    None
}
