//! A credential in the environment, for one registry that is named beside it.

use async_trait::async_trait;
use transship_oci::{Error, ErrorKind, Result};

use super::{
    Credential, Credentials, Found,
    auth_file::{AuthFile, same_registry},
};
use crate::Environment;

const HOST: &str = "TRANSSHIP_REGISTRY_HOST";
const USER: &str = "TRANSSHIP_REGISTRY_USER";
const PASSWORD: &str = "TRANSSHIP_REGISTRY_PASSWORD";
const DOCKER: &str = "DOCKER_AUTH_CONFIG";

/// `TRANSSHIP_REGISTRY_USER` and `TRANSSHIP_REGISTRY_PASSWORD` for `TRANSSHIP_REGISTRY_HOST`; then
/// `DOCKER_AUTH_CONFIG`, the text of an auth file as CI systems set it.
///
/// The host must be said: a password that fits any registry would be shown to any registry.
#[derive(Debug, Clone)]
pub struct EnvCredentials(Environment);

impl EnvCredentials {
    /// Looks into `environment`.
    pub fn new(environment: &Environment) -> Self {
        Self(environment.clone())
    }

    fn own(&self, registry: &str) -> Result<Option<Found>> {
        let (host, user, password) = (self.0.get(HOST), self.0.get(USER), self.0.get(PASSWORD));
        let incomplete = |missing: &str| {
            let message =
                format!("a credential in the environment is incomplete: {missing} is not set");
            Error::new(ErrorKind::Invalid, message).hinting(format!(
                "set {HOST}, {USER} and {PASSWORD} together, or none of them"
            ))
        };
        match (host, user, password) {
            (None, None, None) => Ok(None),
            (None, ..) => Err(incomplete(HOST)),
            (_, None, _) => Err(incomplete(USER)),
            (.., None) => Err(incomplete(PASSWORD)),
            (Some(host), Some(user), Some(password)) => {
                Ok(same_registry(host, registry).then(|| Found {
                    credential: Credential::Password {
                        user: user.to_owned(),
                        password: password.into(),
                    },
                    origin: format!("${USER}"),
                }))
            }
        }
    }
}

#[async_trait]
impl Credentials for EnvCredentials {
    async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>> {
        if let Some(found) = self.own(registry)? {
            return Ok(Some(found));
        }
        let Some(text) = self.0.get(DOCKER) else {
            return Ok(None);
        };
        let named = |error: Error| error.at(format!("${DOCKER}"));
        let file = AuthFile::parse(text.as_bytes()).map_err(named)?;
        let credential = file.find(registry, Some(repository)).map_err(named)?;
        Ok(credential.map(|credential| Found {
            credential,
            origin: format!("${DOCKER}"),
        }))
    }
}
