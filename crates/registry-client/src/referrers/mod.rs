//! Referrers: everything that belongs to an artifact, whichever way the registry keeps it.
//!
//! Three ways are in use: the referrers API, an index under the tag `sha256-<hex>` where there is no API
//! (distribution-spec, "Referrers Tag Schema"), and cosign's own tags `sha256-<hex>.sig` and their kin. All three are
//! read always, because a registry may have been given the API after it was filled.

mod api;
mod fallback;
mod index;
mod keep;

use std::collections::HashSet;

pub(crate) use self::api::Listed;
use futures::{TryStreamExt as _, stream, stream::StreamExt as _};
use tokio::sync::OnceCell;
use transship_oci::{Algorithm, Descriptor, Digest, ErrorKind, Name, Referrer, Result, Tag, Tie};

use crate::repository::RemoteRepository;

/// How many tags of one subject are asked for at once.
const AT_ONCE: usize = 8;

/// What one repository's registry has shown of itself.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Does it answer the referrers API?
    api: api::Api,
    /// Who keeps the list when a manifest with a subject is put.
    keeper: OnceCell<keep::Keeper>,
    /// Writers of fallback indexes in this process take turns.
    turns: keep::Turns,
}

impl RemoteRepository {
    /// Everything that belongs to `subject`. A manifest that is tied to it in two ways is there twice: at a target
    /// both ties have to be made.
    pub(crate) async fn find_referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let (listed, tagged) =
            futures::try_join!(self.listed_by_api(subject), self.found_by_tags(subject))?;
        let mut seen = HashSet::new();
        let listed = listed.into_iter().map(|descriptor| Referrer {
            descriptor,
            tie: Tie::Subject,
        });
        Ok(listed
            .chain(tagged)
            .filter(|referrer| {
                let tag = match &referrer.tie {
                    Tie::Subject => None,
                    Tie::Tag(tag) => Some(tag.clone()),
                };
                seen.insert((referrer.descriptor.digest, tag))
            })
            .collect())
    }

    /// Could anything here have referrers, as far as is known by now?
    pub(crate) fn may_refer(&self) -> bool {
        let api_may = self.referrers_state().api.known().unwrap_or(true);
        api_may || self.listing().has_digest_tags().unwrap_or(true)
    }

    /// What the tags made of `subject` hold.
    async fn found_by_tags(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.know_tags().await?;
        let fallback = Tag::fallback(subject);
        let has_fallback = self.listing().has(&fallback).unwrap_or(true);
        let legacy = self.legacy_tags(subject);
        let listed = async {
            if has_fallback {
                self.listed_by_fallback(subject, &fallback).await
            } else {
                Ok(Vec::new())
            }
        };
        let (listed, tagged) = futures::try_join!(listed, self.at_tags(&legacy))?;
        let listed = listed.into_iter().map(|descriptor| Referrer {
            descriptor,
            tie: Tie::Subject,
        });
        Ok(listed.chain(tagged).collect())
    }

    /// The tags with a suffix that may exist for `subject`: any suffix where the list of tags is known, for a tag of
    /// that form belongs to the digest whatever it holds; cosign's three where it is not.
    fn legacy_tags(&self, subject: &Digest) -> Vec<Tag> {
        if subject.algorithm() != Algorithm::Sha256 {
            return Vec::new();
        }
        let prefix = format!("{}.", Tag::fallback(subject));
        self.listing()
            .starting_with(&prefix)
            .unwrap_or_else(|| Tag::legacy(subject).into())
    }

    async fn at_tags(&self, tags: &[Tag]) -> Result<Vec<Referrer>> {
        let asked: Vec<_> = tags.iter().map(|tag| self.at_tag(tag)).collect();
        let found: Vec<Option<Referrer>> =
            stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn at_tag(&self, tag: &Tag) -> Result<Option<Referrer>> {
        match self.head_manifest(&Name::Tag(tag.clone())).await {
            Ok(descriptor) => Ok(Some(Referrer {
                descriptor,
                tie: Tie::Tag(tag.clone()),
            })),
            // The list may be older than the tag's removal.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the fallback index under `tag` lists, if that is what lies there.
    async fn listed_by_fallback(&self, subject: &Digest, tag: &Tag) -> Result<Vec<Descriptor>> {
        let Some((manifest, _)) = self.fallback_manifest(tag).await? else {
            return Ok(Vec::new());
        };
        match index::Fallback::read(&manifest, subject) {
            Ok(index) => self.of_subject(index.entries()?, subject).await,
            Err(reason) => {
                self.notice(tag, format!("is not read as a list of referrers: {reason}"));
                Ok(Vec::new())
            }
        }
    }

    /// A fallback tag has room for 64 digits: with SHA-512 two subjects can share one, and only the manifests tell
    /// whose they are (distribution-spec, "Referrers Tag Schema").
    async fn of_subject(
        &self,
        listed: Vec<Descriptor>,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>> {
        if subject.algorithm() == Algorithm::Sha256 {
            return Ok(listed);
        }
        let mut own = Vec::with_capacity(listed.len());
        for descriptor in listed {
            let manifest = self.get_exact(&descriptor).await?;
            if manifest.children()?.subject_digest() == Some(*subject) {
                own.push(descriptor);
            }
        }
        Ok(own)
    }
}
