//! A home folder to throw away: no peer reads or writes the real one.

use std::{fs, path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A home folder, gone with its last clone.
#[derive(Debug, Clone)]
pub struct Home(Arc<TempDir>);

impl Home {
    /// An empty home.
    pub fn new() -> Self {
        Self(Arc::new(TempDir::new().expect("a temporary folder")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folder for `DOCKER_CONFIG`.
    pub fn docker_config(&self) -> std::path::PathBuf {
        self.path().join(".docker")
    }

    /// Writes `text` to a file below the home and returns its path.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.path().join(name);
        let folder = path.parent().expect("a file below the home");
        fs::create_dir_all(folder).expect("a folder below the home");
        fs::write(&path, text).expect("a file below the home");
        path
    }

    /// Logs in at a registry for every peer, by `.docker/config.json`.
    pub fn login(&self, host: &str, user: &str, password: &str) {
        let auth = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.merge(
            ".docker/config.json",
            json!({"auths": {host: {"auth": auth}}}),
        );
    }

    /// Tells regctl and regsync that a host speaks plain HTTP; the others have flags for it.
    pub fn plain_http(&self, host: &str) {
        let entry = json!({"hosts": {host: {"tls": "disabled", "hostname": host}}});
        self.merge(".regctl/config.json", entry);
    }

    /// Adds `value` to a JSON file, object by object.
    fn merge(&self, name: &str, value: Value) {
        let path = self.path().join(name);
        let mut whole = fs::read(&path).map_or_else(
            |_| json!({}),
            |old| serde_json::from_slice(&old).expect("our own JSON"),
        );
        merge(&mut whole, value);
        self.write(name, whole.to_string());
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
