//! What a manifest points at, read leniently: whatever a registry accepted once must be readable here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    Descriptor, Digest, Error, ErrorKind, RawManifest, Result, descriptor::null_as_default,
    media_type,
};

/// The most entries that one manifest may list.
pub const MAX_CHILDREN: usize = 10_000;

/// The pieces that a manifest names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Children {
    /// Manifests below an index.
    pub manifests: Vec<Descriptor>,
    /// Configuration and layers, in that order; blobs of the same repository.
    pub blobs: Vec<Descriptor>,
    /// Layers whose bytes need not be in the repository (foreign, non-distributable).
    pub foreign: Vec<Descriptor>,
    /// What the manifest says it belongs to. Not a child: the subject may be absent.
    pub subject: Option<Descriptor>,
    /// What kind of artifact the manifest says it is: `artifactType`, else the configuration's media type
    /// (distribution-spec, "Listing Referrers").
    pub artifact_type: Option<String>,
    /// The manifest's own annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Every field of every manifest kind that matters, all optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(default)]
    schema_version: Option<u64>,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default, deserialize_with = "null_as_default")]
    layers: Vec<Descriptor>,
    #[serde(default, deserialize_with = "null_as_default")]
    blobs: Vec<Descriptor>,
    #[serde(default, deserialize_with = "null_as_default")]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    subject: Option<Descriptor>,
    #[serde(default, deserialize_with = "null_as_default")]
    annotations: BTreeMap<String, String>,
}

impl RawManifest {
    /// Reads what the manifest points at.
    ///
    /// # Errors
    /// `Corrupt` for what is no JSON object, names a digest wrongly, says one media type and is served as another, or
    /// lists too much; `Unsupported` for Docker schema 1, whose digests do not cover its bytes.
    pub fn children(&self) -> Result<Children> {
        let at = |error: Error| error.at(self.digest());
        if matches!(
            self.media_type(),
            media_type::DOCKER_SCHEMA1 | media_type::DOCKER_SCHEMA1_SIGNED
        ) {
            let message = "docker schema 1 manifests cannot be copied byte for byte";
            return Err(at(Error::new(ErrorKind::Unsupported, message)
                .hinting("push the image again with a current client")));
        }
        let unreadable = || Error::new(ErrorKind::Corrupt, "the manifest cannot be read");
        // A list would pass for a struct all of whose fields are missing.
        if !self.bytes().trim_ascii_start().starts_with(b"{") {
            return Err(at(unreadable().because("it is not a JSON object")));
        }
        let fields: Fields = serde_json::from_slice(self.bytes())
            .map_err(|cause| at(unreadable().because(cause)))?;
        fields.children(self.media_type()).map_err(at)
    }
}

impl Fields {
    fn children(self, served_as: &str) -> Result<Children> {
        let corrupt = |message: String| Err(Error::new(ErrorKind::Corrupt, message));
        if self.schema_version == Some(1) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "docker schema 1 manifests cannot be copied byte for byte",
            ));
        }
        // One document must not be an image to one reader and an index to another (image-spec, "ambiguous manifests").
        if let Some(inner) = self.media_type.as_deref()
            && inner != served_as
            && media_type::is_manifest(inner)
            && media_type::is_manifest(served_as)
        {
            return corrupt(format!(
                "the manifest says it is {inner}, but it was served as {served_as}"
            ));
        }
        let is_index = media_type::is_index(served_as);
        let has_image_fields =
            self.config.is_some() || !self.layers.is_empty() || !self.blobs.is_empty();
        if (is_index && has_image_fields) || (!is_index && !self.manifests.is_empty()) {
            return corrupt(
                "the manifest has the fields of an image and of an index at once".to_owned(),
            );
        }
        let count = self.manifests.len() + self.layers.len() + self.blobs.len();
        if count > MAX_CHILDREN {
            return corrupt(format!(
                "the manifest lists {count} entries, more than the limit of {MAX_CHILDREN}"
            ));
        }
        let artifact_type = self
            .artifact_type
            .filter(|kind| !kind.is_empty())
            .or_else(|| {
                self.config
                    .as_ref()
                    .map(|config| config.media_type.clone())
                    .filter(|kind| !kind.is_empty())
            });
        let (foreign, layers): (Vec<_>, Vec<_>) =
            self.layers.into_iter().partition(Descriptor::is_foreign);
        let blobs = self
            .config
            .into_iter()
            .chain(layers)
            .chain(self.blobs)
            .collect();
        Ok(Children {
            manifests: self.manifests,
            blobs,
            foreign,
            subject: self.subject,
            artifact_type,
            annotations: self.annotations,
        })
    }
}

impl Children {
    /// The digest of the subject, for a manifest that has one.
    pub fn subject_digest(&self) -> Option<Digest> {
        self.subject.as_ref().map(|subject| subject.digest)
    }
}

#[cfg(test)]
mod tests;
