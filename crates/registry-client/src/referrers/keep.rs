//! Who keeps the list of referrers, and writers of one list taking turns.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
use transship_oci::{Children, Descriptor, Digest, Error, ErrorKind, RawManifest, Result};

use super::{api::Listed, index};
use crate::repository::RemoteRepository;

/// So often the API is asked before a manifest that it does not list is taken for lost.
const LOOKS: u32 = 4;

/// Who keeps the lists of referrers of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    /// The registry: it has the API and was seen to list what was put.
    Registry,
    /// Whoever writes: an index under the fallback tag.
    Writer,
}

impl RemoteRepository {
    /// Sees to it that `manifest`, which was just put, is listed for its subject, if it has one.
    ///
    /// `claimed`: the registry said with `OCI-Subject` that it did so itself. Docker Hub and ECR have said that
    /// without having the API, so the first time the list is looked at.
    pub(crate) async fn keep_referrer(
        &self,
        manifest: &RawManifest,
        children: &Children,
        claimed: bool,
    ) -> Result<()> {
        let Some(subject) = children.subject_digest() else {
            return Ok(());
        };
        let decided = self
            .referrers_state()
            .keeper
            .get_or_try_init(|| self.find_keeper(&subject, manifest, claimed))
            .await;
        let keeper = match decided {
            Ok(keeper) => *keeper,
            Err(Some(error)) => return Err(error),
            // The API says neither yes nor no; it is not written down, and asked again the next time.
            Err(None) if claimed => Keeper::Registry,
            Err(None) => Keeper::Writer,
        };
        match keeper {
            Keeper::Registry => Ok(()),
            Keeper::Writer => {
                self.add_in_turn(&subject, index::entry(manifest, children))
                    .await
            }
        }
    }

    /// Takes `manifest`, which was deleted, out of the list of its subject where that is a writer's business.
    pub(crate) async fn drop_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<()> {
        let tag = transship_oci::Tag::fallback(subject);
        self.know_tags().await?;
        if self.listing().has(&tag) == Some(false) {
            return Ok(());
        }
        let turn = self.referrers_state().turns.of(subject);
        let _order = turn.order.lock().await;
        match self.fallback_manifest(&tag).await? {
            Some((manifest, _)) if index::Fallback::read(&manifest, subject).is_ok() => {
                self.change_fallback(subject, |index| Ok(index.remove(referrer)))
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Asks the API for what was just put.
    async fn find_keeper(
        &self,
        subject: &Digest,
        manifest: &RawManifest,
        claimed: bool,
    ) -> std::result::Result<Keeper, Option<Error>> {
        let api = &self.referrers_state().api;
        // A repository that was not there yet may have been answered for as if there were no API.
        if api.known() == Some(false) && !claimed {
            return Ok(Keeper::Writer);
        }
        for look in 0..LOOKS {
            if look > 0 {
                sleep(Duration::from_millis(100 << look)).await;
            }
            match self.ask_api(subject).await.map_err(Some)? {
                Listed::Referrers(list) => {
                    api.learn(true);
                    if list.iter().any(|entry| entry.digest == manifest.digest()) {
                        return Ok(Keeper::Registry);
                    }
                }
                Listed::NoApi => {
                    api.learn(false);
                    return Ok(Keeper::Writer);
                }
                Listed::NothingThere => return Err(None),
            }
        }
        Err(Some(
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{} is there, but the registry's referrers API does not list it for {subject}",
                    manifest.digest()
                ),
            )
            .hinting("run the same command again; if it stays so, the registry's index of referrers is broken"),
        ))
    }

    /// Adds `entry` to the fallback index. Whoever's turn it is writes for all who wait.
    async fn add_in_turn(&self, subject: &Digest, entry: Descriptor) -> Result<()> {
        let turns = &self.referrers_state().turns;
        let turn = turns.of(subject);
        turn.queue().waiting.push(entry.clone());
        let order = turn.order.lock().await;
        let batch = turn.take(entry);
        let result = match &batch {
            None => Ok(()),
            Some(batch) => {
                self.change_fallback(subject, |index| {
                    let mut changed = false;
                    for entry in batch {
                        changed |= index.add(entry)?;
                    }
                    Ok(changed)
                })
                .await
            }
        };
        if let (Ok(()), Some(batch)) = (&result, batch) {
            let written = batch.into_iter().map(|entry| entry.digest);
            turn.queue().written.extend(written);
        }
        drop(order);
        turns.release(subject, turn);
        result
    }
}

/// One turn for each subject that is being written to.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<Digest, Arc<Turn>>>);

#[derive(Debug, Default)]
struct Turn {
    order: tokio::sync::Mutex<()>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Descriptor>,
    written: HashSet<Digest>,
}

impl Turns {
    fn of(&self, subject: &Digest) -> Arc<Turn> {
        Arc::clone(self.lock().entry(*subject).or_default())
    }

    /// Forgets a turn that nobody else waits for.
    fn release(&self, subject: &Digest, turn: Arc<Turn>) {
        let mut turns = self.lock();
        drop(turn);
        if turns
            .get(subject)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(subject);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Arc<Turn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// All entries that wait, with `own` among them; `None` when `own` was written by the one before.
    fn take(&self, own: Descriptor) -> Option<Vec<Descriptor>> {
        let mut queue = self.queue();
        if queue.written.contains(&own.digest) {
            return None;
        }
        let mut batch = std::mem::take(&mut queue.waiting);
        // The one before took it along and could not write it.
        if batch.iter().all(|entry| entry.digest != own.digest) {
            batch.push(own);
        }
        Some(batch)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
