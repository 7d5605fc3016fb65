//! The lists by which other tools find their way: `index.json`, and docker's `manifest.json`.

mod docker;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use transship_oci::{Artifact, Descriptor, Digest, Error, ErrorKind, RawManifest, Result, Tie};

pub(crate) use docker::{docker_manifest, is_image};

use crate::layout::{HEAD, IMAGE_NAME, MANIFEST_SUBJECT, REF_NAME, VOLUME};

/// The digits of [`HEAD`]: the list is as long whatever the number.
const HEAD_DIGITS: usize = 15;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u32,
    media_type: &'static str,
    manifests: &'a [Descriptor],
    annotations: BTreeMap<&'static str, String>,
}

/// The entries of an `index.json`, each once.
#[derive(Default)]
pub(crate) struct Entries {
    list: Vec<Descriptor>,
    seen: HashSet<(Digest, Option<String>)>,
}

impl Entries {
    /// Adds an artifact: one entry a tag, or one without a name.
    pub(crate) fn artifact(&mut self, artifact: &Artifact) {
        let repository = &artifact.reference.repository;
        if artifact.tags.is_empty() {
            self.push(plain(&artifact.root), None);
        }
        for tag in &artifact.tags {
            self.named(&artifact.root, format!("{repository}:{tag}"));
        }
    }

    /// Adds what belongs to an artifact. `manifest` knows every manifest.
    pub(crate) fn evidence<'a>(
        &mut self,
        artifact: &Artifact,
        manifest: impl Fn(&Digest) -> Option<&'a RawManifest>,
    ) {
        let repository = &artifact.reference.repository;
        for (subject, referrer) in &artifact.referrers {
            let node = &referrer.descriptor;
            match &referrer.tie {
                // Under its name others can carry it too.
                Tie::Tag(tag) => self.named(node, format!("{repository}:{tag}")),
                Tie::Subject => self.referrer(node, subject, manifest(&node.digest)),
            }
        }
    }

    /// Adds an artifact that has no name and belongs to nothing.
    pub(crate) fn unnamed(&mut self, manifest: &RawManifest) {
        let entry = with_type(manifest.descriptor(), Some(manifest));
        self.push(entry, None);
    }

    /// Adds what belongs to `subject`.
    pub(crate) fn referrer(
        &mut self,
        node: &Descriptor,
        subject: &Digest,
        manifest: Option<&RawManifest>,
    ) {
        let mut entry = with_type(node, manifest);
        entry
            .annotations
            .insert(MANIFEST_SUBJECT.to_owned(), subject.to_string());
        self.push(entry, Some(subject.to_string()));
    }

    fn named(&mut self, node: &Descriptor, name: String) {
        let mut entry = plain(node);
        for key in [IMAGE_NAME, REF_NAME] {
            entry.annotations.insert(key.to_owned(), name.clone());
        }
        self.push(entry, Some(name));
    }

    fn push(&mut self, entry: Descriptor, distinction: Option<String>) {
        if self.seen.insert((entry.digest, distinction)) {
            self.list.push(entry);
        }
    }

    /// The list as a file that says how long the head is, and which volume of how many this is.
    ///
    /// # Errors
    /// `Internal`, should it not be writable.
    pub(crate) fn json(&self, head: u64, volume: (usize, usize)) -> Result<Vec<u8>> {
        let (number, count) = volume;
        json(&Index {
            schema_version: 2,
            media_type: transship_oci::media_type::OCI_INDEX,
            manifests: &self.list,
            annotations: BTreeMap::from([
                (HEAD, format!("{head:0HEAD_DIGITS$}")),
                (VOLUME, format!("{number}/{count}")),
            ]),
        })
    }
}

/// What a descriptor is without what others said of it.
fn plain(node: &Descriptor) -> Descriptor {
    Descriptor::new(&node.media_type, node.digest, node.size)
}

/// The same, with the type that its manifest says it is of.
fn with_type(node: &Descriptor, manifest: Option<&RawManifest>) -> Descriptor {
    let children = manifest.and_then(|manifest| manifest.children().ok());
    Descriptor {
        artifact_type: children.and_then(|children| children.artifact_type),
        ..plain(node)
    }
}

pub(crate) fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|cause| {
        Error::new(
            ErrorKind::Internal,
            "a list of the archive cannot be written",
        )
        .because(cause)
    })
}
