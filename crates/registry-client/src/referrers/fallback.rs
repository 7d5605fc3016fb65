//! The fallback index at a registry: fetched, and changed safely beside other writers.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use rand::RngExt as _;
use tokio::time::{Instant, sleep};
use transship_oci::{Digest, Error, ErrorKind, Name, RawManifest, Result, Tag};

use super::index::{Fallback, NoFallback};
use crate::{publish, repository::RemoteRepository};

/// So often a change is tried before other writers are said to be in the way.
const TRIES: u32 = 10;

impl RemoteRepository {
    /// What lies under a fallback tag, with its entity tag.
    pub(super) async fn fallback_manifest(
        &self,
        tag: &Tag,
    ) -> Result<Option<(RawManifest, Option<HeaderValue>)>> {
        match self.get_tagged(&Name::Tag(tag.clone())).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.listing().remove(tag);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Applies `change` to the fallback index of `subject` until it stays. `change` says whether there was anything
    /// to change.
    ///
    /// The registry gives no lock. Where it takes `If-Match` an overtaken write is refused; where it does not, the
    /// index is looked at again after a pause longer than another writer's step from read to write takes, and the
    /// change is made again if somebody wrote over it.
    pub(super) async fn change_fallback(
        &self,
        subject: &Digest,
        change: impl Fn(&mut Fallback) -> Result<bool> + Send + Sync,
    ) -> Result<()> {
        let tag = Tag::fallback(subject);
        let mut overtaken = None;
        for attempt in 0..TRIES {
            pause(attempt).await;
            let began = Instant::now();
            let (mut index, seen, etag) = self.read_for_change(&tag, subject).await?;
            if !change(&mut index)? {
                return Ok(());
            }
            // Refused though nothing had changed: what this registry calls an entity tag is none.
            let broken = overtaken.is_some() && overtaken == seen;
            let etag = etag.filter(|etag| !broken && !etag.as_bytes().starts_with(b"W/"));
            let manifest = index.to_manifest()?;
            if !self.put_fallback(&tag, &manifest, etag.as_ref()).await? {
                overtaken = seen;
                continue;
            }
            if etag.is_some() && self.host().learned().if_match() {
                return Ok(());
            }
            settle(began.elapsed()).await;
            if self.still_there(&tag, &manifest).await? {
                return Ok(());
            }
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "other writers changed tag {tag} {TRIES} times while a referrer was being added"
            ),
        )
        .hinting("run the same command again when nobody else writes to the repository"))
    }

    async fn read_for_change(
        &self,
        tag: &Tag,
        subject: &Digest,
    ) -> Result<(Fallback, Option<Digest>, Option<HeaderValue>)> {
        match self.fallback_manifest(tag).await? {
            None => Ok((Fallback::empty(), None, None)),
            Some((manifest, etag)) => match Fallback::read(&manifest, subject) {
                Ok(index) => Ok((index, Some(manifest.digest()), etag)),
                Err(_) if self.is_conjured(tag).await? => Ok((Fallback::empty(), None, None)),
                Err(reason) => Err(taken(tag, reason)),
            },
        }
    }

    /// Is there no such tag, though the registry answers to it? GitLab takes `sha256-<hex>` for a digest as long as
    /// nobody has put the tag: there is nothing to write over.
    async fn is_conjured(&self, tag: &Tag) -> Result<bool> {
        self.know_tags_now().await?;
        let absent = self.listing().has(tag) == Some(false);
        if absent {
            let message = "is answered but not listed; the list of referrers is put there";
            self.notice(tag, message);
        }
        Ok(absent)
    }

    /// Puts the index; `false` when the registry refuses because somebody was faster.
    async fn put_fallback(
        &self,
        tag: &Tag,
        manifest: &RawManifest,
        etag: Option<&HeaderValue>,
    ) -> Result<bool> {
        let mut call = self.put_call(&format!("put referrers tag {tag}"), tag.as_str(), manifest);
        if let Some(etag) = etag {
            call.headers.insert(header::IF_MATCH, etag.clone());
        }
        let answer = self.host().send(call).await?;
        if etag.is_some() && answer.status() == StatusCode::PRECONDITION_FAILED {
            self.host().learned().learn_if_match();
            return Ok(false);
        }
        publish::accepted(answer, manifest)
            .await
            .map_err(crate::refusal::Refusal::into_error)?;
        self.listing().add(tag);
        Ok(true)
    }

    async fn still_there(&self, tag: &Tag, manifest: &RawManifest) -> Result<bool> {
        let now = self.head_manifest(&Name::Tag(tag.clone())).await?;
        Ok(now.digest == manifest.digest())
    }
}

/// The tag is somebody else's. Writing over it would lose an image's name, and its readers would not find a list.
fn taken(tag: &Tag, reason: NoFallback) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("tag {tag} is where the list of referrers belongs, but {reason}"),
    )
    .hinting(format!(
        "remove or rename tag {tag} at the target, or use a registry that has the referrers API"
    ))
}

/// Waits before another attempt: not before the first, and longer each time, so that writers fall out of step.
async fn pause(attempt: u32) {
    if attempt > 0 {
        let most = 50u64 << attempt.min(5);
        let millis = rand::rng().random_range(most / 4..=most);
        sleep(Duration::from_millis(millis)).await;
    }
}

/// Waits until whoever read the old index before our write will have written his.
async fn settle(step: Duration) {
    let pause = (step * 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
    sleep(pause).await;
}
