//! Sends calls: signs each, waits for the answer, and tries again what may succeed later.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::header;
use object_store::client::{HttpRequest, HttpRequestBody};
use secrecy::SecretString;
use tokio::time::{sleep, timeout};
use transship_oci::{Error, ErrorKind, Event, Result, Retry as Again};
use url::Url;

use super::{
    Answer, Call, CloudSettings, Fault,
    retry::{self, Hold},
};

/// How long an answer may take beside the time that its request needs.
const ANSWER: Duration = Duration::from_mins(2);
/// The slowest line that is waited for, in bytes a second.
const SLOWEST: u64 = 32 * 1024;

/// Puts authority on a request, and knows what the service means by its refusals.
#[async_trait]
pub(in crate::store) trait Sign: Debug + Send + Sync {
    /// Signs `request`, whose body is elsewhere.
    async fn sign(&self, request: &mut HttpRequest, body: &[u8]) -> Result<()>;

    /// What another store needs to read what we may read: the query of a URL, and perhaps a token. `None` where that
    /// cannot be given away.
    async fn authority(&self) -> Result<Option<(String, Option<SecretString>)>> {
        Ok(None)
    }

    /// What kind of error a refusal is, and how to mend it, where that is not to be seen from its status.
    fn judge(&self, fault: &Fault) -> Option<(ErrorKind, Option<String>)>;
}

/// The connection to one container.
#[derive(Debug)]
pub(in crate::store) struct Wire {
    client: reqwest::Client,
    sign: Arc<dyn Sign>,
    settings: CloudSettings,
    hold: Hold,
    location: String,
}

impl Wire {
    /// A wire; `location` is what errors call the container.
    pub(in crate::store) fn new(
        client: reqwest::Client,
        sign: Arc<dyn Sign>,
        settings: CloudSettings,
        location: String,
    ) -> Self {
        Self {
            client,
            sign,
            settings,
            hold: Hold::default(),
            location,
        }
    }

    /// What errors call the container.
    pub(in crate::store) fn location(&self) -> &str {
        &self.location
    }

    /// See [`Sign::authority`].
    pub(in crate::store) async fn authority(
        &self,
    ) -> Result<Option<(String, Option<SecretString>)>> {
        self.sign.authority().await
    }

    /// Sends `call` until there is an answer worth looking at. Refusals are answers.
    ///
    /// # Errors
    /// `Unavailable` when there is none; `RateLimited` when the store asks for more patience than there is.
    pub(in crate::store) async fn send(&self, call: &Call) -> Result<Answer> {
        let mut left = self.settings.patience.total;
        let mut attempt = 1;
        loop {
            left = left.saturating_sub(self.hold.wait().await);
            let outcome = self.attempt(call, attempt).await;
            let Some(verdict) = retry::judge(&outcome, attempt, &self.settings) else {
                return outcome;
            };
            if !call.again || attempt >= self.settings.patience.attempts {
                return outcome;
            }
            if verdict.wait > left {
                return Err(self.too_long(call, verdict.wait));
            }
            attempt += 1;
            self.tell(attempt, &verdict);
            if verdict.asked {
                // The whole account is meant: everybody waits.
                self.hold.set(verdict.wait);
            } else {
                left -= verdict.wait;
                sleep(verdict.wait).await;
            }
        }
    }

    /// Sends `call`, and makes an error of an answer that is none of `good`.
    ///
    /// # Errors
    /// What the store said.
    pub(in crate::store) async fn expect(&self, call: &Call, good: &[u16]) -> Result<Answer> {
        let answer = self.send(call).await?;
        if good.contains(&answer.status().as_u16()) {
            return Ok(answer);
        }
        let op = call.op.clone();
        let fault = answer.fault().await;
        Err(self.error(&fault).op(op))
    }

    /// A refusal as an error.
    pub(in crate::store) fn error(&self, fault: &Fault) -> Error {
        let (kind, hint) = self
            .sign
            .judge(fault)
            .unwrap_or_else(|| (fault.kind(), None));
        let error = Error::new(kind, fault.message()).at(&self.location);
        match hint {
            Some(hint) => error.hinting(hint),
            None if kind == ErrorKind::Denied || kind == ErrorKind::Unauthorized => error
                .hinting("run `transship doctor` on the store to see what the credential lacks"),
            None => error,
        }
    }

    async fn attempt(&self, call: &Call, attempt: u32) -> Result<Answer> {
        let name = |error: Error| error.op(call.op.clone()).at(&self.location);
        let request = self.sealed(call).await.map_err(name)?;
        let sending = Duration::from_secs(call.body.len() as u64 / SLOWEST);
        let response = timeout(ANSWER + sending, self.client.execute(request))
            .await
            .map_err(|_| {
                name(Error::new(
                    ErrorKind::Unavailable,
                    "the store does not answer",
                ))
            })?
            .map_err(|cause| name(no_answer(cause)))?;
        Ok(Answer::new(response, &call.op, &self.location, attempt))
    }

    /// The request as it goes out.
    async fn sealed(&self, call: &Call) -> Result<reqwest::Request> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call
            .url
            .as_str()
            .parse()
            .map_err(|cause| unsendable(&call.url).because(cause))?;
        *request.headers_mut() = call.headers.clone();
        let length = call.body.len().into();
        // What has no body by its nature says nothing of its length, and the signatures know that.
        if !call.body.is_empty() || !call.method.is_safe() {
            request.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
        if call.signed {
            self.sign.sign(&mut request, &call.body).await?;
        }
        let (parts, _) = request.into_parts();
        let url = parts
            .uri
            .to_string()
            .parse()
            .map_err(|_| unsendable(&call.url))?;
        let mut sealed = reqwest::Request::new(parts.method, url);
        *sealed.headers_mut() = parts.headers;
        *sealed.body_mut() = Some(call.body.clone().into());
        Ok(sealed)
    }

    fn tell(&self, attempt: u32, verdict: &retry::Verdict) {
        self.settings.observer.on(&Event::Retry {
            host: self.location.clone(),
            attempt,
            wait_ms: u64::try_from(verdict.wait.as_millis()).unwrap_or(u64::MAX),
            reason: verdict.reason.clone(),
        });
    }

    fn too_long(&self, call: &Call, wait: Duration) -> Error {
        let message = format!(
            "the store asks to wait {} s, longer than is allowed",
            wait.as_secs()
        );
        Error::new(ErrorKind::RateLimited, message)
            .retrying(Again::After(wait))
            .op(call.op.clone())
            .at(&self.location)
    }
}

fn unsendable(url: &Url) -> Error {
    let shown = transship_oci::SafeUrl(url.clone());
    Error::new(
        ErrorKind::Invalid,
        format!("{shown} cannot be sent as a request"),
    )
}

/// What became of a request that got no answer. The cause's own URL may hold a signature.
fn no_answer(cause: reqwest::Error) -> Error {
    let what = if cause.is_connect() || cause.is_timeout() {
        "there is no connection to the store"
    } else {
        "the connection broke before the store answered"
    };
    let untrusted = untrusted(&cause);
    let error = Error::new(ErrorKind::Unavailable, what).because(cause.without_url());
    if untrusted {
        return error
            .retrying(Again::No)
            .hinting("give the certificate of the authority that signed the store's own");
    }
    error
}

/// Did TLS refuse the certificate? It will not be trusted in a second.
fn untrusted(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if cause.to_string().contains("invalid peer certificate") {
            return true;
        }
        next = cause.source();
    }
    false
}
