//! Each piece is moved to each place once a run, however many artifacts share it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use transship_oci::{Digest, Location, Placed, Repository};

/// Who moves what, and what is where already.
///
/// The first to claim a piece for a place leads, the others wait for it. A leader that fails or is dropped takes
/// nobody along: the next one leads.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Do repositories of one registry share: is it worth waiting for a piece on its way to another repository, to
    /// mount it from there?
    mounting: bool,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// Places by name. Small numbers stand for them, so that what a run remembers of each piece is small.
    places: HashMap<String, u32>,
    /// Registries by name; a place that is at none has one of its own.
    groups: HashMap<String, u32>,
    /// Registries where a mount came to nothing: nobody waits for one there.
    mountless: Vec<u32>,
    entries: HashMap<(u32, Digest), Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    done: Vec<(u32, Option<Repository>)>,
    busy: Vec<(u32, watch::Receiver<()>)>,
}

/// What to do about a piece.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Nothing: it is there.
    Done,
    /// Move it.
    Lead(Lead),
    /// Wait until this changes or closes, then claim again.
    Wait(watch::Receiver<()>),
}

/// The duty to move one piece to one place; given up when dropped.
#[derive(Debug)]
pub(crate) struct Lead {
    ledger: Arc<Ledger>,
    group: u32,
    place: u32,
    digest: Digest,
    own: Option<Repository>,
    /// Where in the same registry the piece is committed.
    pub(crate) mount_from: Option<Repository>,
    /// Wakes those who wait, by being dropped after [`Lead`]'s own `drop` has run.
    _wake: watch::Sender<()>,
}

impl Ledger {
    /// A ledger of blobs, which a registry can mount from one repository into another.
    pub(crate) fn of_blobs() -> Arc<Self> {
        Arc::new(Self {
            mounting: true,
            books: Mutex::default(),
        })
    }

    /// A ledger of manifests, which every repository is given for itself.
    pub(crate) fn of_manifests() -> Arc<Self> {
        Arc::new(Self {
            mounting: false,
            books: Mutex::default(),
        })
    }

    /// Claims `digest` for `at`.
    pub(crate) fn claim(self: &Arc<Self>, at: &Location, digest: &Digest) -> Claim {
        let mut books = self.lock();
        let (group, place) = books.numbers(at, self.mounting);
        let mountless = books.mountless.contains(&group);
        let entry = books.entries.entry((group, *digest)).or_default();
        if entry.done.iter().any(|(done, _)| *done == place) {
            return Claim::Done;
        }
        let same = |(busy, _): &&(u32, watch::Receiver<()>)| *busy == place;
        let elsewhere = || {
            entry
                .busy
                .first()
                .filter(|_| entry.done.is_empty() && !mountless)
        };
        if let Some((_, wait)) = entry.busy.iter().find(same).or_else(elsewhere) {
            return Claim::Wait(wait.clone());
        }
        let (wake, wait) = watch::channel(());
        entry.busy.push((place, wait));
        Claim::Lead(Lead {
            ledger: Arc::clone(self),
            group,
            place,
            digest: *digest,
            own: at.repository().cloned(),
            mount_from: entry.done.iter().find_map(|(_, from)| from.clone()),
            _wake: wake,
        })
    }

    /// Is the piece known to be there?
    pub(crate) fn knows(&self, at: &Location, digest: &Digest) -> bool {
        let mut books = self.lock();
        let (group, place) = books.numbers(at, self.mounting);
        books
            .entries
            .get(&(group, *digest))
            .is_some_and(|entry| entry.done.iter().any(|(done, _)| *done == place))
    }

    /// Takes down that the piece was found there.
    pub(crate) fn note(&self, at: &Location, digest: &Digest) {
        let mut books = self.lock();
        let (group, place) = books.numbers(at, self.mounting);
        let entry = books.entries.entry((group, *digest)).or_default();
        if entry.done.iter().all(|(done, _)| *done != place) {
            entry.done.push((place, at.repository().cloned()));
        }
    }

    /// Can the piece be had in the same registry, now or when whoever moves it is done?
    pub(crate) fn is_near(&self, at: &Location, digest: &Digest) -> bool {
        let mut books = self.lock();
        let (group, _) = books.numbers(at, self.mounting);
        let entry = books.entries.get(&(group, *digest));
        entry.is_some_and(|entry| !entry.done.is_empty() || !entry.busy.is_empty())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn numbers(&mut self, at: &Location, mounting: bool) -> (u32, u32) {
        let name = at.to_string();
        let group = at.registry().filter(|_| mounting).unwrap_or(&name);
        (
            number(&mut self.groups, group),
            number(&mut self.places, &name),
        )
    }
}

fn number(names: &mut HashMap<String, u32>, name: &str) -> u32 {
    if let Some(number) = names.get(name) {
        return *number;
    }
    let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
    names.insert(name.to_owned(), next);
    next
}

impl Lead {
    /// The piece is committed at the place.
    pub(crate) fn done(self, how: Placed) {
        let mut books = self.ledger.lock();
        let mount_refused = self.mount_from.is_some() && matches!(how, Placed::Sent(_));
        if mount_refused && !books.mountless.contains(&self.group) {
            books.mountless.push(self.group);
        }
        if let Some(entry) = books.entries.get_mut(&(self.group, self.digest)) {
            entry.done.push((self.place, self.own.clone()));
        }
        drop(books);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut books = self.ledger.lock();
        if let Some(entry) = books.entries.get_mut(&(self.group, self.digest)) {
            entry.busy.retain(|(place, _)| *place != self.place);
            entry.busy.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests;
