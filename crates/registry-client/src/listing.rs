//! What is known of a repository's tags: one listing, kept and corrected by our own writes.
//!
//! Signatures lie under tags made of a digest. With the list of tags at hand, "has this digest a signature?" costs no
//! request, for any number of digests.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use tokio::time::Instant;
use transship_oci::{Error, ErrorKind, Result, Tag};

/// The most tags that are kept: some 60 MB.
pub(crate) const MAX_TAGS: usize = 1_000_000;

/// The kept list. Empty until somebody needs it.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Held by the one who loads; the others wait for what he brings.
    loading: tokio::sync::Mutex<()>,
    state: RwLock<State>,
    /// How often somebody asked for a single tag.
    asked: AtomicU32,
}

#[derive(Debug, Default)]
struct State {
    known: Option<Known>,
    /// Tags of our own making: a list that was under way meanwhile may lack them.
    ours: BTreeSet<Box<str>>,
    /// No list that was asked for before this is good for anything any more.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    tags: Tags,
    /// When it was asked for.
    at: Instant,
    /// How long it took to come.
    took: Duration,
}

/// An answer to the question for all tags.
#[derive(Debug)]
pub(crate) enum Tags {
    /// These there are. A repository that does not exist has none.
    Listed(BTreeSet<Box<str>>),
    /// The registry does not tell.
    Refused,
}

impl Listing {
    /// Has `load` fetch the list unless one younger than `age` is here. Many callers at once cost one load.
    pub(crate) async fn ensure<F>(&self, age: Duration, load: impl FnOnce() -> F) -> Result<()>
    where
        F: Future<Output = Result<Tags>>,
    {
        if self.is_fresh(age) {
            return Ok(());
        }
        let _turn = self.loading.lock().await;
        if self.is_fresh(age) {
            return Ok(());
        }
        // The age counts from before the request: what happens meanwhile may not be in the answer.
        let asked = Instant::now();
        let tags = load().await?;
        self.put(tags, asked);
        Ok(())
    }

    /// How long the list is worth keeping: at least `least`, and longer where loading it takes its time, so that no more
    /// than a tenth of a run goes into lists.
    pub(crate) fn worth(&self, least: Duration, most: Duration) -> Duration {
        let took = self.read().known.as_ref().map(|known| known.took);
        took.unwrap_or_default()
            .saturating_mul(10)
            .clamp(least, most)
    }

    /// Takes a list that was asked for at `asked`. What we tagged ourselves stays known.
    pub(crate) fn put(&self, mut tags: Tags, asked: Instant) {
        let mut state = self.write();
        if let Tags::Listed(tags) = &mut tags {
            tags.extend(state.ours.iter().cloned());
        }
        let took = asked.elapsed();
        state.known = Some(Known {
            tags,
            at: asked,
            took,
        });
    }

    /// Counts a question for a single tag; returns how many there have been.
    pub(crate) fn ask(&self) -> u32 {
        self.asked.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Is there an answer, and is it younger than `age`?
    pub(crate) fn is_fresh(&self, age: Duration) -> bool {
        let state = self.read();
        state.known.as_ref().is_some_and(|known| {
            known.at.elapsed() < age && state.since.is_none_or(|since| since <= known.at)
        })
    }

    /// Has the list asked for again before it is believed again, also one that is under way by now.
    pub(crate) fn forget(&self) {
        self.write().since = Some(Instant::now());
    }

    /// Is `tag` in the list? `None` where there is no list.
    pub(crate) fn has(&self, tag: &Tag) -> Option<bool> {
        self.look(|tags| tags.contains(tag.as_str()))
    }

    /// All tags that start with `prefix`. `None` where there is no list.
    pub(crate) fn starting_with(&self, prefix: &str) -> Option<Vec<Tag>> {
        self.look(|tags| {
            tags.range::<str, _>((
                std::ops::Bound::Included(prefix),
                std::ops::Bound::Unbounded,
            ))
            .take_while(|tag| tag.starts_with(prefix))
            .filter_map(|tag| tag.parse().ok())
            .collect()
        })
    }

    /// Is there any tag that is made of a digest? `None` where there is no list.
    pub(crate) fn has_digest_tags(&self) -> Option<bool> {
        let any = |prefix| {
            self.starting_with(prefix)
                .map(|tags| tags.iter().any(is_of_digest))
        };
        Some(any("sha256-")? || any("sha512-")?)
    }

    /// We have just tagged something.
    pub(crate) fn add(&self, tag: &Tag) {
        let mut state = self.write();
        if let Some(tags) = state.listed() {
            tags.insert(tag.as_str().into());
        }
        state.ours.insert(tag.as_str().into());
    }

    /// We have just removed a tag, or found that it is gone.
    pub(crate) fn remove(&self, tag: &Tag) {
        let mut state = self.write();
        if let Some(tags) = state.listed() {
            tags.remove(tag.as_str());
        }
        state.ours.remove(tag.as_str());
    }

    fn look<T>(&self, with: impl FnOnce(&BTreeSet<Box<str>>) -> T) -> Option<T> {
        match self.read().known.as_ref()?.tags {
            Tags::Listed(ref tags) => Some(with(tags)),
            Tags::Refused => None,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn listed(&mut self) -> Option<&mut BTreeSet<Box<str>>> {
        match &mut self.known.as_mut()?.tags {
            Tags::Listed(tags) => Some(tags),
            Tags::Refused => None,
        }
    }
}

/// A SHA-512 fallback tag carries half of the digest only, so its shape alone is looked at.
fn is_of_digest(tag: &Tag) -> bool {
    let stem = tag.as_str().split('.').next().unwrap_or_default();
    stem.split_once('-')
        .is_some_and(|(_, hex)| hex.len() >= 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Adds a page to a list.
///
/// # Errors
/// `Unsupported` when there are more tags than can be kept; `Corrupt` when all of a page was listed before.
pub(crate) fn collect(tags: &mut BTreeSet<Box<str>>, page: &[Tag]) -> Result<()> {
    if tags.len() + page.len() > MAX_TAGS {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the repository has more than {MAX_TAGS} tags"),
        ));
    }
    let before = tags.len();
    tags.extend(page.iter().map(|tag| Box::from(tag.as_str())));
    if !page.is_empty() && tags.len() == before {
        let message = "the list of tags goes round in a circle: a page has nothing that was not listed before";
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
