//! The fallback index as a document: read, judged, and changed without losing what somebody else put in.

use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use transship_oci::{
    Children, Descriptor, Digest, Error, ErrorKind, MAX_CHILDREN, RawManifest, Result, media_type,
};

/// A list of referrers under a fallback tag.
///
/// Held as JSON, so that entries and fields that we know nothing of are written back as they were.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fallback {
    /// Everything but the entries.
    fields: Map<String, Value>,
    entries: Vec<Value>,
}

/// Why what lies under a fallback tag is no list of referrers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoFallback {
    /// GitLab resolves `sha256-<hex>` as the digest; `cosign copy` leaves a tag of that name on the image.
    #[error("it is the subject itself")]
    Subject,
    /// Some manifest.
    #[error("it is no image index")]
    NoIndex,
    /// The tag of an image index that has nothing to do with referrers.
    #[error("it is the index of a multi-platform image")]
    Image,
}

impl Fallback {
    /// A list with nothing in it.
    pub(crate) fn empty() -> Self {
        let mut fields = Map::new();
        fields.insert("schemaVersion".to_owned(), json!(2));
        fields.insert("mediaType".to_owned(), json!(media_type::OCI_INDEX));
        Self {
            fields,
            entries: Vec::new(),
        }
    }

    /// Reads what lies under the fallback tag of `subject`.
    ///
    /// # Errors
    /// The reason why it is no list of referrers.
    pub(crate) fn read(
        manifest: &RawManifest,
        subject: &Digest,
    ) -> std::result::Result<Self, NoFallback> {
        if manifest.digest() == *subject {
            return Err(NoFallback::Subject);
        }
        if manifest.media_type() != media_type::OCI_INDEX {
            return Err(NoFallback::NoIndex);
        }
        let mut fields: Map<String, Value> =
            serde_json::from_slice(manifest.bytes()).map_err(|_| NoFallback::NoIndex)?;
        let entries = match fields.remove("manifests") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(NoFallback::NoIndex),
        };
        // A list of referrers says of its entries what they are; an image's index says of all of them where they run.
        // In doubt it is a list: a signature that is passed over goes unnoticed, a stranger taken for one does not.
        let runs = |entry: &Value| {
            entry.get("platform").is_some_and(Value::is_object)
                && entry.get("artifactType").is_none()
        };
        let image = !entries.is_empty() && entries.iter().all(runs);
        if image && !fields.contains_key("subject") {
            return Err(NoFallback::Image);
        }
        Ok(Self { fields, entries })
    }

    /// The entries.
    ///
    /// # Errors
    /// `Corrupt` for an entry that is no descriptor: it stands for a signature that would be lost.
    pub(crate) fn entries(&self) -> Result<Vec<Descriptor>> {
        if self.entries.len() > MAX_CHILDREN {
            let message = format!("the list of referrers has more than {MAX_CHILDREN} entries");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        let read: std::result::Result<_, _> =
            self.entries.iter().map(Descriptor::deserialize).collect();
        read.map_err(|cause| {
            Error::new(ErrorKind::Corrupt, "the list of referrers cannot be read").because(cause)
        })
    }

    /// Is `digest` in it?
    pub(crate) fn lists(&self, digest: &Digest) -> bool {
        let text = digest.to_string();
        self.entries.iter().any(|entry| names(entry, &text))
    }

    /// Adds an entry unless its digest is listed; returns whether anything changed.
    pub(crate) fn add(&mut self, entry: &Descriptor) -> Result<bool> {
        if self.lists(&entry.digest) {
            return Ok(false);
        }
        let entry = serde_json::to_value(entry)
            .map_err(|cause| Error::new(ErrorKind::Internal, "descriptor").because(cause))?;
        self.entries.push(entry);
        Ok(true)
    }

    /// Takes an entry out; returns whether anything changed.
    pub(crate) fn remove(&mut self, digest: &Digest) -> bool {
        let text = digest.to_string();
        let before = self.entries.len();
        self.entries.retain(|entry| !names(entry, &text));
        self.entries.len() < before
    }

    /// The document to put under the tag.
    pub(crate) fn to_manifest(&self) -> Result<RawManifest> {
        let mut document = self.fields.clone();
        document.insert("manifests".to_owned(), Value::Array(self.entries.clone()));
        let bytes = serde_json::to_vec(&document)
            .map_err(|cause| Error::new(ErrorKind::Internal, "index").because(cause))?;
        RawManifest::named(media_type::OCI_INDEX, bytes.into())
    }
}

fn names(entry: &Value, digest: &str) -> bool {
    entry.get("digest").and_then(Value::as_str) == Some(digest)
}

/// The entry for `manifest` in a list of referrers: the artifact type pulled up, with the configuration's media type in
/// its place where there is none, and *all* of the annotations (distribution-spec, "Pushing Manifests with Subject").
pub(crate) fn entry(manifest: &RawManifest, children: &Children) -> Descriptor {
    let mut entry = manifest.descriptor().clone();
    entry.artifact_type.clone_from(&children.artifact_type);
    entry.annotations.clone_from(&children.annotations);
    entry.platform = None;
    entry.urls = Vec::new();
    entry
}

#[cfg(test)]
mod tests;
