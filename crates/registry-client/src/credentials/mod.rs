//! Who we are at which registry, and where that is written.

mod auth_file;
mod env;
mod files;
mod helper;
mod login;
mod memory;

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use async_trait::async_trait;
use secrecy::SecretString;
use transship_oci::Result;

pub use self::{
    env::EnvCredentials, files::FileCredentials, login::LoginFile, memory::MemoryCredentials,
};
use crate::Environment;

/// What proves who we are.
#[derive(Clone)]
pub enum Credential {
    /// A user name and a password, or what a registry takes in place of one.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// An `OAuth2` refresh token, which Docker calls identity token.
    Identity {
        /// The token.
        token: SecretString,
    },
    /// A bearer token that the registry itself takes.
    Token {
        /// The token.
        token: SecretString,
    },
}

impl Credential {
    /// A user name and a password.
    pub fn password(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::Password {
            user: user.into(),
            password: password.into(),
        }
    }

    /// The user's name, where there is one.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } => Some(user),
            Self::Identity { .. } | Self::Token { .. } => None,
        }
    }
}

impl Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user})"),
            Self::Identity { .. } => f.write_str("Identity"),
            Self::Token { .. } => f.write_str("Token"),
        }
    }
}

/// A credential and where it came from.
#[derive(Debug, Clone)]
pub struct Found {
    /// What proves who we are.
    pub credential: Credential,
    /// Where it is written, for people: `~/.docker/config.json`, `docker-credential-pass`.
    pub origin: String,
}

impl fmt::Display for Found {
    /// `user alice from ~/.docker/config.json`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.credential {
            Credential::Password { user, .. } => write!(f, "user {user} from {}", self.origin),
            Credential::Identity { .. } => write!(f, "identity token from {}", self.origin),
            Credential::Token { .. } => write!(f, "bearer token from {}", self.origin),
        }
    }
}

/// Knows credentials.
#[async_trait]
pub trait Credentials: Debug + Send + Sync {
    /// What to show `registry` (as in a reference: `docker.io`, `host:5000`) for `repository`, a path within it; an
    /// empty path asks for the registry as a whole. `None` means that nothing is known: one is anonymous.
    ///
    /// # Errors
    /// When something is configured and cannot be had: a file that is no JSON, a helper that does not answer.
    async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>>;
}

/// Knows nobody.
#[derive(Debug, Clone, Copy)]
pub struct Anonymous;

#[async_trait]
impl Credentials for Anonymous {
    async fn find(&self, _: &str, _: &str) -> Result<Option<Found>> {
        Ok(None)
    }
}

/// Several places, asked one after the other.
#[derive(Debug, Clone, Default)]
pub struct Chain(pub Vec<Arc<dyn Credentials>>);

#[async_trait]
impl Credentials for Chain {
    async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>> {
        for place in &self.0 {
            if let Some(found) = place.find(registry, repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Where this user's credentials are: the environment, Podman's files, Docker's file, in that order.
pub fn of_machine(environment: &Environment) -> Chain {
    let mut places: Vec<Arc<dyn Credentials>> = vec![Arc::new(EnvCredentials::new(environment))];
    for file in FileCredentials::containers(environment) {
        places.push(Arc::new(file));
    }
    if let Some(file) = FileCredentials::docker(environment) {
        places.push(Arc::new(file));
    }
    Chain(places)
}
