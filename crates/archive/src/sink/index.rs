//! What an outline promises, to look things up in.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use transship_oci::{Descriptor, Digest, RawManifest, Referrer, Tag, Tie};

use crate::{Outline, outline};

pub(super) struct Index {
    blobs: HashMap<Digest, usize>,
    manifests: HashMap<Digest, RawManifest>,
    /// Blobs that lie in the head, or at the target.
    elsewhere: HashSet<Digest>,
    tags: HashSet<(Tag, Digest)>,
    referrers: HashMap<Digest, Vec<Referrer>>,
    /// The manifests that somebody has put by now.
    put: Mutex<HashSet<Digest>>,
}

impl Index {
    pub(super) fn of(outline: &Outline) -> Self {
        let inventory = outline.inventory();
        let blobs = outline.blobs().iter().enumerate();
        let manifests = outline.manifests().iter();
        let wanted = inventory.prerequisites.iter().map(|wanted| wanted.digest);
        let trust = inventory.trust.iter().map(|file| file.digest);
        let mut tags = HashSet::new();
        for artifact in &inventory.artifacts {
            tags.extend(
                artifact
                    .tags
                    .iter()
                    .map(|tag| (tag.clone(), artifact.digest)),
            );
        }
        let mut referrers: HashMap<_, Vec<_>> = HashMap::new();
        for (subject, referrer) in outline.referrers() {
            if let Tie::Tag(tag) = &referrer.tie {
                tags.insert((tag.clone(), referrer.descriptor.digest));
            }
            referrers
                .entry(*subject)
                .or_default()
                .push(referrer.clone());
        }
        Self {
            blobs: blobs.map(|(number, blob)| (blob.digest, number)).collect(),
            manifests: manifests.map(|it| (it.digest(), it.clone())).collect(),
            elsewhere: wanted
                .chain(trust)
                .chain([outline::empty().0.digest])
                .collect(),
            tags,
            referrers,
            put: Mutex::default(),
        }
    }

    /// The place of a blob in the stream.
    pub(super) fn blob(&self, digest: &Digest) -> Option<usize> {
        self.blobs.get(digest).copied()
    }

    pub(super) fn manifest(&self, digest: &Digest) -> Option<&RawManifest> {
        self.manifests.get(digest)
    }

    pub(super) fn is_elsewhere(&self, digest: &Digest) -> bool {
        self.elsewhere.contains(digest)
    }

    /// Remembers that a manifest was put; `false` for one that was not promised.
    pub(super) fn put(&self, digest: &Digest) -> bool {
        let known = self.manifests.contains_key(digest);
        if known {
            self.lock().insert(*digest);
        }
        known
    }

    pub(super) fn is_put(&self, digest: &Digest) -> bool {
        self.lock().contains(digest)
    }

    pub(super) fn has_tag(&self, tag: &Tag, digest: &Digest) -> bool {
        self.tags.contains(&(tag.clone(), *digest))
    }

    /// What a tag will point at; `None` where several repositories have it, because then it depends on whose it is.
    pub(super) fn tagged(&self, tag: &Tag) -> Option<Descriptor> {
        let mut found = self.tags.iter().filter(|(other, _)| other == tag);
        let (_, digest) = found.next()?;
        let manifest = self.manifests.get(digest)?;
        (found.next().is_none() && self.is_put(digest)).then(|| manifest.descriptor().clone())
    }

    pub(super) fn referrers(&self, subject: &Digest) -> Vec<Referrer> {
        self.referrers.get(subject).cloned().unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Digest>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
