//! All that must be at a target before a tag may be seen there.

use std::collections::BTreeSet;

use transship_oci::{Digest, Source, Tag};

use super::{Graph, graph::read};

/// What belongs to one manifest: below it, and beside it and everything below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closure {
    /// Manifests, the root among them.
    pub manifests: BTreeSet<Digest>,
    /// Blobs.
    pub blobs: BTreeSet<Digest>,
    /// Tags of cosign's kind.
    pub tags: BTreeSet<Tag>,
}

impl Graph {
    /// What belongs to `root`, however it is tied to it. The bytes of foreign layers do not.
    pub fn closure(&self, root: &Digest) -> Closure {
        let mut closure = Closure::default();
        let mut open = vec![*root];
        while let Some(digest) = open.pop() {
            if !closure.manifests.insert(digest) {
                continue;
            }
            let Some(manifest) = self.manifest(&digest) else {
                continue;
            };
            let children = manifest.children().expect("the graph's own manifest");
            closure
                .blobs
                .extend(children.blobs.iter().map(|blob| blob.digest));
            open.extend(children.manifests.iter().map(|child| child.digest));
            open.extend(self.referrers_of(&digest));
            for (tag, target) in self.beside(&digest) {
                closure.tags.insert(tag);
                open.push(target);
            }
        }
        closure
    }

    fn referrers_of(&self, subject: &Digest) -> impl Iterator<Item = Digest> {
        self.manifests().iter().filter_map(|manifest| {
            let children = manifest.children().expect("the graph's own manifest");
            (children.subject_digest() == Some(*subject)).then(|| manifest.digest())
        })
    }

    fn beside(&self, subject: &Digest) -> Vec<(Tag, Digest)> {
        // Of a SHA-512 subject there can be none, and asking for their names is no offence.
        let wanted = Tag::legacy(subject);
        self.tags()
            .iter()
            .filter(|(tag, _)| wanted.contains(tag))
            .cloned()
            .collect()
    }

    /// Asserts that everything that belongs to `root` is in a repository, byte for byte, and listed where readers look.
    pub async fn assert_complete(&self, root: &Digest, source: &dyn Source) {
        if let Err(missing) = self.complete(root, source).await {
            panic!("{root} is not complete at {}: {missing}", source.location());
        }
    }

    /// Is everything that belongs to `root` in a repository?
    ///
    /// # Errors
    /// What is missing, in words.
    pub async fn complete(&self, root: &Digest, source: &dyn Source) -> Result<(), String> {
        let closure = self.closure(root);
        for digest in &closure.manifests {
            let Some(manifest) = self.manifest(digest) else {
                continue;
            };
            let found = source.manifest(manifest.descriptor()).await;
            let found = found.map_err(|error| format!("manifest {digest}: {error}"))?;
            if found.bytes() != manifest.bytes() {
                return Err(format!("manifest {digest} has other bytes"));
            }
            let listed = source.referrers(digest).await;
            let listed = listed.map_err(|error| format!("referrers of {digest}: {error}"))?;
            let listed: BTreeSet<Digest> = listed.iter().map(|it| it.descriptor.digest).collect();
            let beside = self.beside(digest).into_iter().map(|(_, target)| target);
            for referrer in self.referrers_of(digest).chain(beside) {
                if !listed.contains(&referrer) {
                    return Err(format!("{referrer} is not listed beside {digest}"));
                }
            }
        }
        for digest in &closure.blobs {
            let bytes = &self.blobs()[digest];
            let node = transship_oci::Descriptor::new("", *digest, bytes.len() as u64);
            let found = read(source, &node, 0).await;
            if found.map_err(|error| format!("blob {digest}: {error}"))? != *bytes {
                return Err(format!("blob {digest} has other bytes"));
            }
        }
        Ok(())
    }
}
