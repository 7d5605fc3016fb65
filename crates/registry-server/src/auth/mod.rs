//! Who may do what.

mod basic;
mod token;
mod users;

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header, request::Parts};

use crate::{
    query::Query,
    refusal::{Code, Refusal},
    route::Route,
};
use token::{Issuer, Scope};
pub use users::{Users, UsersError};

/// What somebody wants to do in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Pull,
    Push,
    Delete,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

/// Somebody who was let in, and how far.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// May do anything.
    Anybody,
    /// May read anything.
    Reader,
    /// May do what a token says.
    Bearer(Arc<[Scope]>),
}

impl Caller {
    pub(crate) fn may(&self, action: Action, repository: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Reader => action == Action::Pull,
            Self::Bearer(scopes) => scopes.iter().any(|scope| scope.allows(action, repository)),
        }
    }
}

/// How a registry knows who may use it.
#[derive(Debug)]
pub struct Auth {
    way: Way,
    anonymous_pull: bool,
}

#[derive(Debug)]
enum Way {
    Open,
    Basic(Users),
    Token(Issuer),
}

impl Auth {
    /// Everybody may do everything.
    pub fn open() -> Self {
        Self::by(Way::Open)
    }

    /// User and password with every request (RFC 7617).
    pub fn basic(users: Users) -> Self {
        Self::by(Way::Basic(users))
    }

    /// User and password once, at `/token`, for a bearer token that is good for `lifetime`
    /// (CNCF distribution, "Token Authentication").
    pub fn token(users: Users, lifetime: Duration) -> Self {
        Self::by(Way::Token(Issuer::new(users, lifetime)))
    }

    /// Lets everybody pull.
    pub fn anonymous_pull(mut self) -> Self {
        self.anonymous_pull = true;
        self
    }

    fn by(way: Way) -> Self {
        Self {
            way,
            anonymous_pull: false,
        }
    }

    /// Lets somebody in, or says how to knock.
    pub(crate) async fn admit(
        &self,
        route: &Route,
        action: Action,
        parts: &Parts,
    ) -> Result<Caller, Refusal> {
        let headers = &parts.headers;
        let anonymous = self.anonymous_pull
            && action == Action::Pull
            && *route != Route::Ping
            && !headers.contains_key(header::AUTHORIZATION);
        match &self.way {
            Way::Open => Ok(Caller::Anybody),
            Way::Basic(_) if anonymous => Ok(Caller::Reader),
            Way::Basic(users) => match basic::credentials(headers) {
                Some((user, password)) if users.know(&user, &password).await => Ok(Caller::Anybody),
                _ => Err(unauthorized("Basic realm=\"registry\"")),
            },
            Way::Token(issuer) => issuer.admit(route, action, parts),
        }
    }

    /// Answers `/token`.
    pub(crate) async fn token_reply(
        &self,
        parts: &Parts,
        query: &Query,
        body: Body,
    ) -> Result<Response, Refusal> {
        match &self.way {
            Way::Token(issuer) => {
                let anonymous = self.anonymous_pull;
                issuer.answer(parts, query, body, anonymous).await
            }
            _ => Err(Refusal::no_such_page()),
        }
    }
}

/// Asks for credentials.
fn unauthorized(challenge: &str) -> Refusal {
    let message = "this needs a login";
    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, message);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => refusal.with(header::WWW_AUTHENTICATE, challenge),
        Err(_) => refusal,
    }
}
