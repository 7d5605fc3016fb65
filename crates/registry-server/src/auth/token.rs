//! Bearer tokens, issued here and accepted here (CNCF distribution, "Token Authentication").

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use http::{HeaderMap, Method, Uri, header, request::Parts};
use serde::Serialize;
use tokio::time::Instant;

use super::{Action, Caller, basic, unauthorized, users::Users};
use crate::{
    origin,
    query::Query,
    refusal::{Code, Refusal},
    reply::Reply,
    route::Route,
};

/// How many tokens are remembered; the oldest go first.
const MAX_TOKENS: usize = 10_000;
/// How many scopes one token may have.
const MAX_SCOPES: usize = 100;
/// The largest form that is read, in bytes.
const MAX_FORM: usize = 64 * 1024;

/// One thing that a token allows: `repository:<name>:<actions>` or `registry:catalog:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    kind: String,
    name: String,
    actions: Vec<String>,
}

impl Scope {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        // A name may hold a port; the actions come last.
        let (name, actions) = rest.rsplit_once(':')?;
        Some(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.split(',').map(str::to_owned).collect(),
        })
    }

    pub(super) fn allows(&self, action: Action, repository: &str) -> bool {
        let action = action.as_str();
        self.kind == "repository"
            && self.name == repository
            && self.actions.iter().any(|had| had == action || had == "*")
    }

    fn is_catalog(&self) -> bool {
        self.kind == "registry" && self.name == "catalog"
    }
}

/// Gives out tokens and knows them again.
#[derive(Debug)]
pub(super) struct Issuer {
    users: Users,
    lifetime: Duration,
    issued: Mutex<HashMap<String, Grant>>,
}

#[derive(Debug)]
struct Grant {
    scopes: Arc<[Scope]>,
    until: Instant,
}

#[derive(Serialize)]
struct Answer<'a> {
    token: &'a str,
    access_token: &'a str,
    expires_in: u64,
}

impl Issuer {
    pub(super) fn new(users: Users, lifetime: Duration) -> Self {
        Self {
            users,
            lifetime,
            issued: Mutex::default(),
        }
    }

    /// Lets the bearer of a token in, or says which token to fetch and where.
    pub(super) fn admit(
        &self,
        route: &Route,
        action: Action,
        parts: &Parts,
    ) -> Result<Caller, Refusal> {
        let origin = origin::of(parts);
        let needed = needed(route, action);
        let Some(token) = bearer(&parts.headers) else {
            return Err(challenge(origin, needed.as_deref(), None));
        };
        let scopes = self.grant(token);
        let Some(scopes) = scopes else {
            return Err(challenge(origin, needed.as_deref(), Some("invalid_token")));
        };
        let caller = Caller::Bearer(Arc::clone(&scopes));
        let allowed = match (route.repository(), route) {
            (Some(repository), _) => caller.may(action, repository),
            (None, Route::Catalog) => scopes.iter().any(Scope::is_catalog),
            (None, _) => true,
        };
        if allowed {
            Ok(caller)
        } else {
            let error = Some("insufficient_scope");
            Err(challenge(origin, needed.as_deref(), error))
        }
    }

    /// `GET /token` with Basic, or `POST /token` with a form (`OAuth2`, grant `password`).
    pub(super) async fn answer(
        &self,
        parts: &Parts,
        query: &Query,
        body: Body,
        anonymous_pull: bool,
    ) -> Result<Response, Refusal> {
        let form;
        let (asked, credentials) = match parts.method {
            Method::GET => (query, basic::credentials(&parts.headers)),
            Method::POST => {
                form = read_form(body).await?;
                let pair = form.one("username").zip(form.one("password"));
                let pair = pair.map(|(user, password)| (user.to_owned(), password.to_owned()));
                (&form, pair)
            }
            _ => return Err(Refusal::method("GET, POST")),
        };
        let known = match &credentials {
            Some((user, password)) => {
                if !self.users.know(user, password).await {
                    return Err(unauthorized("Basic realm=\"token\""));
                }
                true
            }
            None => false,
        };
        let scopes = granted(asked, known, anonymous_pull);
        if !known && scopes.is_empty() && !anonymous_pull {
            return Err(unauthorized("Basic realm=\"token\""));
        }
        let token = self.issue(scopes);
        let answer = Answer {
            token: &token,
            access_token: &token,
            expires_in: self.lifetime.as_secs(),
        };
        Ok(Reply::json("application/json", &answer)?.done())
    }

    fn issue(&self, scopes: Vec<Scope>) -> String {
        let token = format!(
            "{:032x}{:032x}",
            rand::random::<u128>(),
            rand::random::<u128>()
        );
        let now = Instant::now();
        let grant = Grant {
            scopes: scopes.into(),
            until: now + self.lifetime,
        };
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.len() >= MAX_TOKENS {
            issued.retain(|_, grant| grant.until > now);
        }
        if issued.len() >= MAX_TOKENS {
            let oldest = issued.iter().min_by_key(|(_, grant)| grant.until);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                issued.remove(&oldest);
            }
        }
        issued.insert(token.clone(), grant);
        token
    }

    fn grant(&self, token: &str) -> Option<Arc<[Scope]>> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = issued.get(token)?;
        (grant.until > Instant::now()).then(|| Arc::clone(&grant.scopes))
    }
}

/// What of the scopes asked for is given: a user may do anything, everybody else at most pull.
fn granted(asked: &Query, known: bool, anonymous_pull: bool) -> Vec<Scope> {
    let scopes = asked
        .all("scope")
        .flat_map(str::split_whitespace)
        .filter_map(Scope::parse)
        .take(MAX_SCOPES);
    let trim = |mut scope: Scope| {
        if !known {
            let pull = |action: &String| anonymous_pull && action == Action::Pull.as_str();
            scope.actions.retain(pull);
        }
        (!scope.actions.is_empty()).then_some(scope)
    };
    scopes.filter_map(trim).collect()
}

/// The scope that a request needs; none where being known is enough.
fn needed(route: &Route, action: Action) -> Option<String> {
    match (route, route.repository()) {
        (_, Some(repository)) => {
            // Who pushes reads too: clients look before they send.
            let actions = match action {
                Action::Pull => "pull",
                Action::Push => "pull,push",
                Action::Delete => "delete",
            };
            Some(format!("repository:{repository}:{actions}"))
        }
        (Route::Catalog, None) => Some("registry:catalog:*".to_owned()),
        _ => None,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn challenge((scheme, host): (&str, &str), scope: Option<&str>, error: Option<&str>) -> Refusal {
    let scope = scope.map_or_else(String::new, |scope| format!(",scope=\"{scope}\""));
    let error = error.map_or_else(String::new, |error| format!(",error=\"{error}\""));
    unauthorized(&format!(
        "Bearer realm=\"{scheme}://{host}/token\",service=\"{host}\"{scope}{error}"
    ))
}

async fn read_form(body: Body) -> Result<Query, Refusal> {
    let unreadable = || Refusal::bad_request(Code::Unsupported, "the form cannot be read");
    let bytes = to_bytes(body, MAX_FORM).await.map_err(|_| unreadable())?;
    let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
    // A form is written as a query is.
    let uri = Uri::builder()
        .path_and_query(format!("/?{text}"))
        .build()
        .map_err(|_| unreadable())?;
    Ok(Query::of(&uri))
}
