//! Credentials in memory: what was typed, or read from standard input.

use std::collections::BTreeMap;

use async_trait::async_trait;
use transship_oci::Result;

use super::{Credential, Credentials, Found, auth_file::same_registry};

/// Credentials by registry.
#[derive(Debug, Clone, Default)]
pub struct MemoryCredentials(BTreeMap<String, Found>);

impl MemoryCredentials {
    /// Adds what to show `registry`; `origin` says where it came from, for people.
    pub fn with(mut self, registry: &str, credential: Credential, origin: &str) -> Self {
        let origin = origin.to_owned();
        self.0
            .insert(registry.to_owned(), Found { credential, origin });
        self
    }
}

#[async_trait]
impl Credentials for MemoryCredentials {
    async fn find(&self, registry: &str, _: &str) -> Result<Option<Found>> {
        let mut known = self.0.iter();
        Ok(known
            .find(|(key, _)| same_registry(key, registry))
            .map(|(_, found)| found.clone()))
    }
}
