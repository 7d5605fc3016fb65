//! Redirects: followed as far as they are harmless.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{Method, StatusCode, header};
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{
    Answer,
    exchange::{Carry, Exchange},
    passage,
    wire::{Step, Wires},
};
use crate::authority;

/// How many redirects one call may take.
const MAX_HOPS: usize = 10;

/// Sends a call and follows where the answer points.
///
/// Credentials go to the first host alone. A redirect from https to http, or from a public host into a private
/// network, is refused. A body that cannot be sent twice is not followed: its caller gets the redirect itself.
#[derive(Debug)]
pub(super) struct Redirect {
    wires: Arc<Wires>,
}

impl Redirect {
    pub(super) fn new(wires: Arc<Wires>) -> Self {
        Self { wires }
    }

    async fn follow(&self, exchange: &Exchange) -> Result<Answer> {
        let mut step = Step {
            method: exchange.method.clone(),
            url: exchange.url.clone(),
            with_body: true,
            trusted: true,
            guarded: exchange.guarded,
        };
        for _ in 0..=MAX_HOPS {
            let answer = self.wires.to(&step.url)?.send(exchange, &step).await?;
            let Some(next) =
                target(&answer, &step.url).map_err(|error| exchange.label.name(error))?
            else {
                return Ok(answer);
            };
            if answer.status() == StatusCode::SEE_OTHER && step.method != Method::HEAD {
                step.method = Method::GET;
                step.with_body = false;
            }
            if step.with_body && !exchange.repeatable() {
                return Ok(answer);
            }
            step.guarded |= passage::judge(&self.wires, &step.url, &next, "a redirect")
                .await
                .map_err(|error| exchange.label.name(error))?;
            step.trusted &= authority::same(&step.url, &next);
            step.url = next;
        }
        let message = format!("more than {MAX_HOPS} redirects");
        Err(exchange.label.error(ErrorKind::Corrupt, message))
    }
}

impl Carry for Redirect {
    fn carry<'a>(&'a self, exchange: &'a Exchange) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(self.follow(exchange))
    }
}

/// Where `answer` sends us, if it does.
fn target(answer: &Answer, from: &Url) -> Result<Option<Url>> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(header::LOCATION) else {
        return Ok(None);
    };
    let next = location.to_str().ok().and_then(|text| from.join(text).ok());
    let next = next.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    next.map_or_else(
        || {
            Err(Error::new(
                ErrorKind::Corrupt,
                "a redirect that leads to no web address",
            ))
        },
        |mut url| {
            // User information would become credentials that nobody gave us.
            let cleaned = url.set_username("").and_then(|()| url.set_password(None));
            Ok(cleaned.ok().map(|()| url))
        },
    )
}
