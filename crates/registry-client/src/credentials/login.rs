//! Writing credentials down, and forgetting them.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use transship_oci::{Error, ErrorKind, Result};

use super::{
    Credential,
    auth_file::{AuthFile, HUB_KEY, same_registry},
    files,
    helper::Helpers,
};
use crate::Environment;

/// The auth file that logins go to: `$REGISTRY_AUTH_FILE`, or Docker's `config.json`. What it says of other things
/// stays as it is; a credential helper that it names keeps the secret in its stead.
#[derive(Debug, Clone)]
pub struct LoginFile {
    path: PathBuf,
    shown: String,
    helpers: Helpers,
}

impl LoginFile {
    /// The file of this user.
    ///
    /// # Errors
    /// `Invalid` when there is no home folder to put one into.
    pub fn of_machine(environment: &Environment) -> Result<Self> {
        let named = environment.get("REGISTRY_AUTH_FILE").map(PathBuf::from);
        let path = named
            .or_else(|| files::docker_path(environment))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Invalid,
                    "there is no home folder to keep a login in",
                )
                .hinting("set HOME, DOCKER_CONFIG or REGISTRY_AUTH_FILE")
            })?;
        Ok(Self {
            shown: environment.shorten(&path),
            path,
            helpers: Helpers::new(environment),
        })
    }

    /// Keeps `credential` for `registry`; returns where, for people.
    ///
    /// # Errors
    /// `Invalid` when the file is no auth file or cannot be written; what the helper says, where there is one.
    pub async fn store(&self, registry: &str, credential: &Credential) -> Result<String> {
        let mut file = self.load().await?;
        let helper = self.helper(&file, registry)?;
        let entry = match &helper {
            Some(name) => {
                self.helpers.store(name, registry, credential).await?;
                // So Docker remembers that the helper knows.
                json!({})
            }
            None => entry(credential),
        };
        let auths = auths(&mut file).ok_or_else(|| self.not_an_auth_file())?;
        auths.retain(|key, _| !same_registry(key, registry));
        auths.insert(key(registry).to_owned(), entry);
        self.save(&file).await?;
        Ok(helper.map_or_else(
            || self.shown.clone(),
            |name| format!("docker-credential-{name}"),
        ))
    }

    /// Forgets what is kept for `registry`; says whether there was anything.
    ///
    /// # Errors
    /// As for [`LoginFile::store`].
    pub async fn erase(&self, registry: &str) -> Result<bool> {
        let mut file = self.load().await?;
        let mut known = false;
        if let Some(name) = self.helper(&file, registry)? {
            known = self.helpers.erase(&name, registry).await?;
        }
        let auths = auths(&mut file).ok_or_else(|| self.not_an_auth_file())?;
        let before = auths.len();
        auths.retain(|key, _| !same_registry(key, registry));
        if auths.len() < before {
            known = true;
            self.save(&file).await?;
        }
        Ok(known)
    }

    fn helper(&self, file: &Map<String, Value>, registry: &str) -> Result<Option<String>> {
        let text = serde_json::to_vec(file).unwrap_or_default();
        let parsed = AuthFile::parse(&text).map_err(|error| error.at(&self.shown))?;
        Ok(parsed
            .helpers_of(registry)
            .first()
            .map(|name| (*name).to_owned()))
    }

    async fn load(&self) -> Result<Map<String, Value>> {
        let content = files::read(&self.path).await?.unwrap_or_default();
        if content.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_slice(&content).map_err(|_| self.not_an_auth_file())
    }

    async fn save(&self, file: &Map<String, Value>) -> Result<()> {
        let unwritable = |error: io::Error| {
            Error::new(
                ErrorKind::Invalid,
                format!("auth file {} cannot be written", self.shown),
            )
            .because(error)
        };
        let mut text = serde_json::to_vec_pretty(file).map_err(|error| unwritable(error.into()))?;
        text.push(b'\n');
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || replace(&path, &text)).await;
        written
            .map_err(|error| unwritable(io::Error::other(error)))?
            .map_err(unwritable)
    }

    fn not_an_auth_file(&self) -> Error {
        Error::new(
            ErrorKind::Invalid,
            format!("{} is not an auth file", self.shown),
        )
        .hinting("mend it or move it away; nothing was changed")
    }
}

fn auths(file: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let auths = file.entry("auths").or_insert_with(|| json!({}));
    if auths.is_null() {
        *auths = json!({});
    }
    auths.as_object_mut()
}

fn key(registry: &str) -> &str {
    if registry == "docker.io" {
        HUB_KEY
    } else {
        registry
    }
}

fn entry(credential: &Credential) -> Value {
    match credential {
        Credential::Password { user, password } => {
            json!({ "auth": STANDARD.encode(format!("{user}:{}", password.expose_secret())) })
        }
        Credential::Identity { token } => json!({ "identitytoken": token.expose_secret() }),
        Credential::Token { token } => json!({ "registrytoken": token.expose_secret() }),
    }
}

/// Puts `text` where `path` leads to, in one step, readable for its owner alone.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // A link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".transship-login-{:016x}", rand::random::<u64>()));
    let written = write_new(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
