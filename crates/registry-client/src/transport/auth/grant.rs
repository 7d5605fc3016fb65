//! What a registry lets us in with, and what for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use tokio::time::Instant;

use crate::transport::Scope;

/// How fast a body is taken to go out at least, in bytes a second: slower ones may outlive their token.
const PACE: u64 = 2 * 1024 * 1024;
/// Beyond so many repositories the store looks for what has run out.
const SWEEP: usize = 4096;

/// An `Authorization` header and what it allows.
#[derive(Debug)]
pub(super) struct Grant {
    /// The header's value, marked as secret.
    pub(super) header: HeaderValue,
    /// What it was asked for; `None`: good for everything that the credential may do.
    pub(super) scopes: Option<Vec<Scope>>,
    /// When it runs out, and how long it lives in all.
    pub(super) expires: Option<(Instant, Duration)>,
    /// Whose it is, for people.
    pub(super) who: Arc<str>,
}

impl Grant {
    fn covers(&self, wanted: &[Scope]) -> bool {
        let Some(scopes) = &self.scopes else {
            return true;
        };
        let covered = |wanted: &Scope| {
            scopes
                .iter()
                .any(|scope| scope.repository == wanted.repository && scope.access >= wanted.access)
        };
        // Who asks for nothing asks for a token without scopes.
        wanted.iter().all(covered) && (scopes.is_empty() || !wanted.is_empty())
    }

    /// Will it last for a body of `length` bytes? A body too long for any token is begun with a fresh one at least.
    fn lasts(&self, length: u64) -> bool {
        self.expires.is_none_or(|(end, life)| {
            let needed = Duration::from_secs(length / PACE).min(life / 2);
            end.saturating_duration_since(Instant::now()) > needed
        })
    }
}

/// The grants of one host, by the repository that they are for first.
#[derive(Debug, Default)]
pub(super) struct Grants(Mutex<HashMap<String, Vec<Arc<Grant>>>>);

impl Grants {
    /// One that covers `wanted` and lasts for a body of `length` bytes.
    pub(super) fn find(&self, wanted: &[Scope], length: u64) -> Option<Arc<Grant>> {
        let grants = self.lock();
        let fitting = grants.get(key(wanted))?.iter();
        fitting
            .rev()
            .find(|grant| grant.covers(wanted) && grant.lasts(length))
            .cloned()
    }

    /// Keeps `grant`, got for `wanted`.
    pub(super) fn insert(&self, wanted: &[Scope], grant: Arc<Grant>) {
        let mut grants = self.lock();
        if grants.len() >= SWEEP {
            grants.retain(|_, grants| {
                grants.retain(|grant| grant.lasts(0));
                !grants.is_empty()
            });
        }
        let same = grants.entry(key(wanted).to_owned()).or_default();
        // What the new one covers is of no more use, and what has run out neither.
        same.retain(|old| {
            old.lasts(0)
                && !old
                    .scopes
                    .as_ref()
                    .is_some_and(|scopes| grant.covers(scopes))
        });
        same.push(grant);
    }

    /// The registry did not take it.
    pub(super) fn forget(&self, grant: &Arc<Grant>) {
        for grants in self.lock().values_mut() {
            grants.retain(|other| !Arc::ptr_eq(other, grant));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Grant>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(scopes: &[Scope]) -> &str {
    scopes.first().map_or("", |scope| &scope.repository)
}

#[cfg(test)]
mod tests;
