//! Auth files on this machine: Docker's and Podman's.

use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use transship_oci::{Error, ErrorKind, Result};

use super::{Credentials, Found, auth_file::AuthFile, helper::Helpers};
use crate::Environment;

/// No auth file is larger.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Credentials in one auth file, and in the helpers that it names.
#[derive(Debug, Clone)]
pub struct FileCredentials {
    path: PathBuf,
    shown: String,
    /// Do paths below a registry count?
    by_path: bool,
    helpers: Helpers,
}

impl FileCredentials {
    /// Docker's: `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. It knows registries as a whole.
    pub fn docker(environment: &Environment) -> Option<Self> {
        let path = docker_path(environment)?;
        Some(Self::new(path, false, environment))
    }

    /// Podman's and skopeo's: `$REGISTRY_AUTH_FILE` alone, or `$XDG_RUNTIME_DIR/containers/auth.json` and then
    /// `~/.config/containers/auth.json`. They may know single repositories; the most specific entry wins.
    pub fn containers(environment: &Environment) -> Vec<Self> {
        let file = |path| Self::new(path, true, environment);
        if let Some(path) = environment.get("REGISTRY_AUTH_FILE") {
            return vec![file(PathBuf::from(path))];
        }
        let runtime = environment.get("XDG_RUNTIME_DIR").map(PathBuf::from);
        [runtime, environment.config_home()]
            .into_iter()
            .flatten()
            .map(|folder| file(folder.join("containers/auth.json")))
            .collect()
    }

    fn new(path: PathBuf, by_path: bool, environment: &Environment) -> Self {
        Self {
            shown: environment.shorten(&path),
            path,
            by_path,
            helpers: Helpers::new(environment),
        }
    }
}

#[async_trait]
impl Credentials for FileCredentials {
    async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>> {
        let Some(content) = read(&self.path).await? else {
            return Ok(None);
        };
        let file = AuthFile::parse(&content).map_err(|error| error.at(&self.shown))?;
        for name in file.helpers_of(registry) {
            let found = self.helpers.get(name, registry).await;
            if let Some(found) = found.map_err(|error| error.at(&self.shown))? {
                return Ok(Some(found));
            }
        }
        let repository = Some(repository).filter(|_| self.by_path);
        let credential = file
            .find(registry, repository)
            .map_err(|error| error.at(&self.shown))?;
        Ok(credential.map(|credential| Found {
            credential,
            origin: self.shown.clone(),
        }))
    }
}

/// Where Docker keeps its settings.
pub(super) fn docker_path(environment: &Environment) -> Option<PathBuf> {
    let folder = environment.get("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(environment.home()?.join(".docker")))?;
    Some(folder.join("config.json"))
}

/// The content of an auth file; `None` when there is none.
pub(super) async fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let unreadable = |error: io::Error| {
        let message = format!("auth file {} cannot be read", path.display());
        Error::new(ErrorKind::Invalid, message).because(error)
    };
    let length = match tokio::fs::metadata(path).await {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if length > MAX_FILE {
        let message = format!("{} is too large for an auth file", path.display());
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    tokio::fs::read(path).await.map(Some).map_err(unreadable)
}
