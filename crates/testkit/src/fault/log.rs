//! What was asked, written down.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, AtomicU64, Ordering::Relaxed},
    },
};

use http::{HeaderMap, Method};
use tokio::sync::watch;

use super::{Request, Route};

/// One request, as it was and as it went.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its class.
    pub route: Route,
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Its query, without the question mark.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// The status of the answer; 0 while there is none, or when the connection was cut instead.
    pub status: u16,
    /// Bytes of its body that came in.
    pub received: u64,
    /// Bytes of the answer's body that went out.
    pub sent: u64,
}

impl Seen {
    /// A header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An entry that is still being written.
#[derive(Debug)]
pub(crate) struct Entry {
    route: Route,
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    pub(crate) status: AtomicU16,
    pub(crate) received: AtomicU64,
    pub(crate) sent: AtomicU64,
}

/// All requests so far.
#[derive(Debug)]
pub(crate) struct Log {
    entries: Mutex<Vec<Arc<Entry>>>,
    total: watch::Sender<usize>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            total: watch::Sender::new(0),
        }
    }

    pub(crate) fn write(&self, request: &Request, route: Route) -> Arc<Entry> {
        let uri = request.uri();
        let entry = Arc::new(Entry {
            route,
            method: request.method().clone(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
            status: AtomicU16::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        });
        self.entries().push(Arc::clone(&entry));
        self.total.send_modify(|total| *total += 1);
        entry
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = |entry: &Arc<Entry>| Seen {
            route: entry.route,
            method: entry.method.clone(),
            path: entry.path.clone(),
            query: entry.query.clone(),
            headers: entry.headers.clone(),
            status: entry.status.load(Relaxed),
            received: entry.received.load(Relaxed),
            sent: entry.sent.load(Relaxed),
        };
        self.entries().iter().map(seen).collect()
    }

    pub(crate) fn count(&self, route: Route) -> usize {
        self.entries()
            .iter()
            .filter(|entry| entry.route == route)
            .count()
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for entry in self.entries().iter() {
            *counts.entry(entry.route.name()).or_default() += 1;
        }
        counts
    }

    pub(crate) fn forget(&self) {
        self.entries().clear();
    }

    /// Waits until `enough` says so; it is asked after each request.
    pub(crate) async fn wait(&self, mut enough: impl FnMut(&Self) -> bool) {
        let mut total = self.total.subscribe();
        let _ = total.wait_for(|_| enough(self)).await;
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
