//! What a token endpoint is asked, and what it answers (distribution, "Token Authentication" and its `OAuth2` form).

use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};
use url::{Url, form_urlencoded};

use crate::transport::{Access, Scope};

/// What lives for no told time lives for this long.
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
/// Clocks and wires: so much earlier than told a token is taken to have run out, or a quarter of a short life.
const MARGIN: Duration = Duration::from_secs(10);
/// Nothing is believed to live longer.
const MAX_LIFE: Duration = Duration::from_hours(7 * 24);
/// How we call ourselves at endpoints that speak `OAuth2`.
const CLIENT: &str = "transship";

/// An answer of a token endpoint.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    /// How long it may be used.
    pub(super) life: Duration,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

/// Reads an answer.
///
/// # Errors
/// `Corrupt` when there is no token in it.
pub(super) fn parse(body: &[u8]) -> Result<Token> {
    // The cause could quote what it could not read.
    let wire: Wire =
        serde_json::from_slice(body).map_err(|_| corrupt("no JSON of a known form"))?;
    let secret = wire
        .token
        .into_iter()
        .chain(wire.access_token)
        .find(|token| !token.is_empty())
        .map(SecretString::from)
        .ok_or_else(|| corrupt("no token"))?;
    let told = wire.expires_in.and_then(|told| match told {
        serde_json::Value::Number(seconds) => seconds.as_f64(),
        serde_json::Value::String(seconds) => seconds.parse().ok(),
        _ => None,
    });
    let life = told
        .filter(|seconds| *seconds > 0.0)
        .map_or(DEFAULT_LIFE, |seconds| {
            Duration::from_secs_f64(seconds.min(MAX_LIFE.as_secs_f64()))
        });
    Ok(Token {
        secret,
        life: life.saturating_sub(MARGIN.min(life / 4)),
    })
}

/// `Bearer TOKEN` as a header.
///
/// # Errors
/// `Corrupt` when the token cannot be in a header.
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue> {
    header(&format!("Bearer {}", token.expose_secret()))
        .ok_or_else(|| corrupt("a token that cannot be sent"))
}

/// A header's value, marked as secret.
pub(super) fn header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The URL to GET a token from. What the realm's own query says is kept.
pub(super) fn get_url(
    realm: &Url,
    service: Option<&str>,
    scopes: &[Scope],
    account: Option<&str>,
) -> Url {
    let mut url = realm.clone();
    let mut query = url.query_pairs_mut();
    if let Some(account) = account {
        query.append_pair("account", account);
    }
    if let Some(service) = service {
        query.append_pair("service", service);
    }
    for scope in scopes {
        query.append_pair("scope", &scope.to_string());
    }
    drop(query);
    if url.query() == Some("") {
        url.set_query(None);
    }
    url
}

/// How a POST proves who we are.
pub(super) enum Proof<'a> {
    Refresh(&'a SecretString),
    Password(&'a str, &'a SecretString),
}

/// The form to POST for a token.
pub(super) fn form(service: Option<&str>, scopes: &[Scope], proof: &Proof<'_>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("client_id", CLIENT);
    if let Some(service) = service {
        form.append_pair("service", service);
    }
    if !scopes.is_empty() {
        let scopes: Vec<_> = scopes.iter().map(Scope::to_string).collect();
        form.append_pair("scope", &scopes.join(" "));
    }
    match proof {
        Proof::Refresh(token) => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("refresh_token", token.expose_secret());
        }
        Proof::Password(user, password) => {
            form.append_pair("grant_type", "password");
            form.append_pair("username", user);
            form.append_pair("password", password.expose_secret());
        }
    }
    form.finish()
}

/// Reads the `scope` of a challenge. What is not about a repository, or of an unknown action, is passed over.
pub(super) fn scopes(text: &str) -> Vec<Scope> {
    text.split_whitespace()
        .filter_map(|scope| {
            let (repository, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
            let access = actions.split(',').filter_map(|action| match action {
                "pull" => Some(Access::Pull),
                "push" => Some(Access::Push),
                "delete" => Some(Access::Delete),
                _ => None,
            });
            Some(Scope {
                repository: repository.to_owned(),
                access: access.max()?,
            })
        })
        .take(16)
        .collect()
}

impl std::fmt::Display for Scope {
    /// `repository:acme/app:pull,push`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let actions = match self.access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
            Access::Delete => "pull,push,delete",
        };
        write!(f, "repository:{}:{actions}", self.repository)
    }
}

fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the token endpoint answered with {what}"),
    )
}

#[cfg(test)]
mod tests;
