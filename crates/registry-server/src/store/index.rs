//! The index of one repository: which content is a manifest, what tags point at, and who refers to whom.
//! Pure data; stores decide where it is kept.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use transship_oci::{Descriptor, Digest, Error, ErrorKind, Name, RawManifest, Result, Tag};

use super::Expect;

/// The index of one repository. Cloning it copies names, not manifests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    manifests: BTreeMap<Digest, Arc<Entry>>,
    tags: BTreeMap<Tag, Digest>,
    referrers: HashMap<Digest, BTreeSet<Digest>>,
}

/// What is remembered of a manifest.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Media type, digest and size; artifact type and annotations too where there is a subject.
    descriptor: Descriptor,
    subject: Option<Digest>,
}

impl Entry {
    /// Reads what there is to remember.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub(crate) fn of(manifest: &RawManifest) -> Result<Self> {
        let children = manifest.children()?;
        let subject = children.subject_digest();
        let mut descriptor = manifest.descriptor().clone();
        if subject.is_some() {
            descriptor.artifact_type = children.artifact_type;
            descriptor.annotations = children.annotations;
        }
        Ok(Self {
            descriptor,
            subject,
        })
    }

    /// For a manifest that is listed but cannot be read: it keeps its place, and whoever asks for it hears why.
    pub(crate) fn unreadable(descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            subject: None,
        }
    }
}

/// A change to an index.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A manifest is listed and tags point at it.
    Put {
        entry: Arc<Entry>,
        tags: Vec<Tag>,
        expect: Expect,
    },
    /// A manifest is taken off.
    Delete(Digest),
    /// A tag goes.
    Untag(Tag),
}

impl Index {
    pub(crate) fn find(&self, name: &Name) -> Option<Descriptor> {
        let digest = match name {
            Name::Tag(tag) => self.tags.get(tag)?,
            Name::Digest(digest) => digest,
        };
        let found = &self.manifests.get(digest)?.descriptor;
        Some(Descriptor::new(
            found.media_type.clone(),
            found.digest,
            found.size,
        ))
    }

    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.manifests.contains_key(digest)
    }

    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.values().map(|entry| &entry.descriptor)
    }

    pub(crate) fn descriptor(&self, digest: &Digest) -> Option<&Descriptor> {
        self.manifests.get(digest).map(|entry| &entry.descriptor)
    }

    /// Sets tags as they were kept; those that point at nothing are left out.
    pub(crate) fn restore_tags(&mut self, tags: BTreeMap<Tag, Digest>) {
        self.tags = tags;
        self.tags
            .retain(|_, digest| self.manifests.contains_key(digest));
    }

    pub(crate) fn all_tags(&self) -> impl Iterator<Item = (&Tag, &Digest)> {
        self.tags.iter()
    }

    pub(crate) fn tags(&self, after: Option<&str>, limit: usize) -> Vec<Tag> {
        // `after` need not be a tag at all, so the place is found by text.
        let start = after.and_then(|after| after.parse::<Tag>().ok());
        match (start, after) {
            (Some(tag), _) => self
                .tags
                .range((Bound::Excluded(tag), Bound::Unbounded))
                .map(|(tag, _)| tag.clone())
                .take(limit)
                .collect(),
            (None, after) => self
                .tags
                .keys()
                .filter(|tag| after.is_none_or(|after| tag.as_str() > after))
                .take(limit)
                .cloned()
                .collect(),
        }
    }

    pub(crate) fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        self.referrers
            .get(subject)
            .into_iter()
            .flatten()
            .filter_map(|digest| self.manifests.get(digest))
            .map(|entry| entry.descriptor.clone())
            .collect()
    }

    pub(crate) fn has_referrers(&self) -> bool {
        !self.referrers.is_empty()
    }

    /// Makes a change. `false` when there was nothing to change.
    ///
    /// # Errors
    /// `Conflict` when a tag is not as expected; nothing has changed then.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<bool> {
        match change {
            Change::Put {
                entry,
                tags,
                expect,
            } => {
                self.expect(tags, *expect)?;
                Ok(self.put(entry, tags))
            }
            Change::Delete(digest) => Ok(self.delete(digest)),
            Change::Untag(tag) => Ok(self.tags.remove(tag).is_some()),
        }
    }

    fn expect(&self, tags: &[Tag], expect: Expect) -> Result<()> {
        let wanted = match expect {
            Expect::Anything => return Ok(()),
            Expect::Absent => None,
            Expect::Is(digest) => Some(digest),
        };
        for tag in tags {
            let found = self.tags.get(tag);
            if found != wanted.as_ref() {
                let found = found.map_or_else(|| "nothing".to_owned(), Digest::to_string);
                let message =
                    format!("tag {tag} points at {found}, which is not what was expected");
                return Err(Error::new(ErrorKind::Conflict, message));
            }
        }
        Ok(())
    }

    fn put(&mut self, entry: &Arc<Entry>, tags: &[Tag]) -> bool {
        let digest = entry.descriptor.digest;
        let listed = self.manifests.get(&digest);
        let same = listed.is_some_and(|listed| listed.descriptor == entry.descriptor)
            && tags.iter().all(|tag| self.tags.get(tag) == Some(&digest));
        if !same {
            self.list(Arc::clone(entry));
            let tags = tags.iter().map(|tag| (tag.clone(), digest));
            self.tags.extend(tags);
        }
        !same
    }

    /// Lists a manifest, in the place of what was listed under the same digest.
    fn list(&mut self, entry: Arc<Entry>) {
        let digest = entry.descriptor.digest;
        if let Some(subject) = entry.subject {
            self.referrers.entry(subject).or_default().insert(digest);
        }
        self.manifests.insert(digest, entry);
    }

    fn delete(&mut self, digest: &Digest) -> bool {
        let Some(entry) = self.manifests.remove(digest) else {
            return false;
        };
        self.tags.retain(|_, target| target != digest);
        if let Some(subject) = entry.subject
            && let Some(referrers) = self.referrers.get_mut(&subject)
        {
            referrers.remove(digest);
            if referrers.is_empty() {
                self.referrers.remove(&subject);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
