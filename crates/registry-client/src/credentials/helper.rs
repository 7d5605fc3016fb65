//! Credential helpers: programs `docker-credential-NAME` that are asked over standard input.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    time::{Instant, timeout},
};
use transship_oci::{Error, ErrorKind, Result};

use super::{
    Credential, Found,
    auth_file::{self, HUB_KEY, TOKEN_USER},
};
use crate::Environment;

/// A helper that takes longer waits for somebody who is not there.
const LIMIT: Duration = Duration::from_secs(10);
/// Nothing that a helper has to say is longer.
const MAX_OUTPUT: u64 = 256 * 1024;
/// Helpers are slow and their answers live long.
const KEEP: Duration = Duration::from_mins(5);

/// Asks helpers, and remembers for a while what they said.
#[derive(Debug, Clone)]
pub(super) struct Helpers {
    environment: Environment,
    known: Arc<Mutex<HashMap<Question, Known>>>,
}

/// Which helper, and what it was asked for.
type Question = (String, String);
/// When it answered, and what.
type Known = (Instant, Option<Found>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Login<'a> {
    #[serde(rename = "ServerURL")]
    server: &'a str,
    username: &'a str,
    secret: &'a str,
}

impl Helpers {
    pub(super) fn new(environment: &Environment) -> Self {
        Self {
            environment: environment.clone(),
            known: Arc::default(),
        }
    }

    /// What the helper `name` has for `registry`.
    ///
    /// # Errors
    /// `Invalid` when there is no such program, `Unauthorized` when it does not answer or says something else.
    pub(super) async fn get(&self, name: &str, registry: &str) -> Result<Option<Found>> {
        let question = (name.to_owned(), registry.to_owned());
        if let Some((_, found)) = self
            .lock()
            .get(&question)
            .filter(|(since, _)| since.elapsed() < KEEP)
        {
            return Ok(found.clone());
        }
        let output = self.run(name, "get", server(registry)).await?;
        let found = match output {
            None => None,
            Some(output) => {
                // The cause could quote the secret.
                let answer: Answer = serde_json::from_str(output.expose_secret())
                    .map_err(|_| refused(name, "answered with something else than a credential"))?;
                let credential = auth_file::credential(answer.username, answer.secret.into());
                Some(Found {
                    credential,
                    origin: program(name),
                })
            }
        };
        self.lock()
            .insert(question, (Instant::now(), found.clone()));
        Ok(found)
    }

    /// Gives the helper `name` a credential to keep.
    ///
    /// # Errors
    /// As for [`Helpers::get`]; `Unsupported` for a bearer token, which helpers do not know.
    pub(super) async fn store(
        &self,
        name: &str,
        registry: &str,
        credential: &Credential,
    ) -> Result<()> {
        let (username, secret) = match credential {
            Credential::Password { user, password } => (user.as_str(), password),
            Credential::Identity { token } => (TOKEN_USER, token),
            Credential::Token { .. } => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "credential helpers keep no bearer tokens",
                ));
            }
        };
        let login = Login {
            server: server(registry),
            username,
            secret: secret.expose_secret(),
        };
        let login = serde_json::to_string(&login)
            .map_err(|_| Error::new(ErrorKind::Internal, "a login that is no JSON"))?;
        self.run(name, "store", SecretString::from(login).expose_secret())
            .await?;
        self.lock().clear();
        Ok(())
    }

    /// Has the helper `name` forget what it has for `registry`; says whether there was anything.
    ///
    /// # Errors
    /// As for [`Helpers::get`].
    pub(super) async fn erase(&self, name: &str, registry: &str) -> Result<bool> {
        let known = self.run(name, "get", server(registry)).await?.is_some();
        if known {
            self.run(name, "erase", server(registry)).await?;
        }
        self.lock().clear();
        Ok(known)
    }

    /// Runs a helper; `None` when it says that it knows nothing.
    async fn run(&self, name: &str, verb: &str, input: &str) -> Result<Option<SecretString>> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if !name.bytes().all(plain) {
            let message = format!("{name:?} is no name of a credential helper");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        match timeout(LIMIT, self.talk(name, verb, input)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(refused(
                name,
                &format!("did not answer within {} s", LIMIT.as_secs()),
            )),
        }
    }

    async fn talk(&self, name: &str, verb: &str, input: &str) -> Result<Option<SecretString>> {
        let broken = |error: std::io::Error| refused(name, "cannot be talked to").because(error);
        let mut child = Command::new(program(name))
            .arg(verb)
            .env_clear()
            .envs(self.environment.iter())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| missing(name, error))?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not listen may still have something to say.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let mut output = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(MAX_OUTPUT)
                .read_to_string(&mut output)
                .await
                .map_err(broken)?;
        }
        let output = SecretString::from(output);
        let status = child.wait().await.map_err(broken)?;
        let text = output.expose_secret();
        if status.success() {
            return Ok(Some(output));
        }
        // The words that all helpers share (docker-credential-helpers).
        if text.contains("credentials not found") {
            return Ok(None);
        }
        Err(refused(name, &format!("ended with {status}")))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Question, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What helpers call `registry`.
fn server(registry: &str) -> &str {
    if registry == "docker.io" {
        HUB_KEY
    } else {
        registry
    }
}

fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

fn missing(name: &str, error: std::io::Error) -> Error {
    let message = format!("credential helper {} cannot be started", program(name));
    Error::new(ErrorKind::Invalid, message)
        .because(error)
        .hinting("install it, or take it out of the auth file that names it")
}

fn refused(name: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        format!("credential helper {} {what}", program(name)),
    )
}

#[cfg(test)]
mod tests;
