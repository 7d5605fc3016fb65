//! Manifests that carry signatures, field by field in the order in which cosign's language writes them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use transship_oci::{Descriptor, RawManifest, Result, media_type};

use super::key_file::internal;

pub(super) type Annotations = BTreeMap<String, String>;

/// An image manifest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    pub(super) config: Entry,
    /// Byte for byte as they were, those that were there before.
    pub(super) layers: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: Annotations,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
}

/// A descriptor.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    media_type: String,
    size: u64,
    digest: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: Annotations,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
}

impl Entry {
    pub(super) fn of(descriptor: &Descriptor) -> Self {
        Self {
            media_type: descriptor.media_type.clone(),
            size: descriptor.size,
            digest: descriptor.digest.to_string(),
            annotations: Annotations::new(),
            artifact_type: None,
        }
    }

    pub(super) fn raw(&self) -> Result<Box<RawValue>> {
        to_raw_value(self).map_err(|_| internal("a descriptor cannot be written"))
    }
}

impl Manifest {
    pub(super) fn new(config: Entry) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST,
            config,
            layers: Vec::new(),
            annotations: Annotations::new(),
            subject: None,
            artifact_type: None,
        }
    }

    pub(super) fn raw(&self) -> Result<RawManifest> {
        let bytes =
            serde_json::to_vec(self).map_err(|_| internal("the manifest cannot be written"))?;
        RawManifest::named(media_type::OCI_MANIFEST, bytes.into())
    }
}
