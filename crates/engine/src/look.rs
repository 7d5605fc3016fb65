//! The first look: what does the name point at, and what do the targets have under the tags asked for?

use std::sync::Arc;

use futures::future::try_join_all;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Presence, RawManifest, Result, Side, Sink, Tag,
    media_type,
};

use crate::{Job, TagAction, Target};

/// What one target has under the tags asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub(crate) tags: Vec<(Tag, Option<Digest>)>,
}

impl Standing {
    pub(crate) async fn of(target: &Target) -> Result<Self> {
        let lookups = target.tags.iter().map(|tag| async move {
            let tagged = target.sink.tagged(tag).await?;
            Ok((tag.clone(), tagged.map(|descriptor| descriptor.digest)))
        });
        let tags = try_join_all(lookups)
            .await
            .map_err(|error: Error| error.on(Side::Target).at(target.sink.location()))?;
        Ok(Self { tags })
    }

    /// Is it certain that the target has nothing under these tags?
    fn is_blank(&self) -> bool {
        !self.tags.is_empty() && self.tags.iter().all(|(_, current)| current.is_none())
    }

    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.tags
            .iter()
            .any(|(_, current)| current.as_ref() == Some(digest))
    }

    /// What becomes of each tag.
    pub(crate) fn actions(
        &self,
        root: Digest,
        move_tags: bool,
    ) -> impl Iterator<Item = (&Tag, TagAction, Option<Digest>)> {
        self.tags.iter().map(move |(tag, current)| {
            let action = match current {
                None => TagAction::Create,
                Some(current) if *current == root => TagAction::Unchanged,
                Some(_) if move_tags => TagAction::Move,
                Some(_) => TagAction::Refused,
            };
            (tag, action, *current)
        })
    }

    /// The error of a tag that may not be moved, if there is one.
    pub(crate) fn conflict(&self, root: Digest, move_tags: bool, sink: &dyn Sink) -> Option<Error> {
        self.actions(root, move_tags)
            .find(|(_, action, _)| *action == TagAction::Refused)
            .map(|(tag, _, current)| {
                let current = current.map(|digest| digest.to_string()).unwrap_or_default();
                conflict(tag, &current, &root)
                    .on(Side::Target)
                    .at(sink.location())
            })
    }
}

/// The error of a tag that points at something else.
pub(crate) fn conflict(tag: &Tag, current: &str, wanted: &Digest) -> Error {
    let message = format!("tag {tag} is {current} there, and would become {wanted}");
    Error::new(ErrorKind::Conflict, message)
        .hinting("use --move-tags if the tag is meant to move, or publish under another tag")
}

/// What the name points at.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) descriptor: Descriptor,
    /// Its bytes, where they came along.
    pub(crate) content: Option<RawManifest>,
}

impl Root {
    /// Asks the source. Where no target has the tag, the bytes will be needed anyway and come in the same request.
    pub(crate) async fn of(job: &Job, standings: &[&Standing], bytes: bool) -> Result<Self> {
        let blame = |error: Error| error.on(Side::Source).at(job.source.location());
        let blank = !standings.is_empty() && standings.iter().all(|standing| standing.is_blank());
        let root = if blank || bytes {
            let manifest = job.source.fetch(&job.name).await.map_err(blame)?;
            Self {
                descriptor: manifest.descriptor().clone(),
                content: Some(manifest),
            }
        } else {
            Self {
                descriptor: job.source.resolve(&job.name).await.map_err(blame)?,
                content: None,
            }
        };
        let found = root.descriptor.digest;
        match job.expect {
            Some(expected) if expected != found => {
                let message = format!("{} is {found}, and {expected} was asked for", job.name);
                Err(blame(Error::new(ErrorKind::Drift, message).hinting(
                    "ask for the new digest if the tag was moved on purpose",
                )))
            }
            _ => Ok(root),
        }
    }

    /// Has the target the root?
    ///
    /// An image that is new under its tag is not asked for: in most cases it is new altogether, and the question
    /// would cost every artifact a request. An index is, because the answer can save all of its children.
    pub(crate) async fn is_at(
        &self,
        job: &Job,
        standing: &Standing,
        sink: &Arc<dyn Sink>,
        certain: bool,
    ) -> Result<bool> {
        let digest = self.descriptor.digest;
        let same_place = !job.source.is_carried() && sink.location() == job.source.location();
        if standing.has(&digest) || same_place {
            return Ok(true);
        }
        let index = media_type::is_index(&self.descriptor.media_type);
        if !certain && self.content.is_some() && !index {
            return Ok(false);
        }
        let node = std::slice::from_ref(&self.descriptor);
        let presence = sink.have(node).await.map_err(|error| {
            error
                .op(format!("ask for {digest}"))
                .on(Side::Target)
                .at(sink.location())
        })?;
        Ok(presence.first() == Some(&Presence::Present))
    }
}
