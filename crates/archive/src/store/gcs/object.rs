//! An object as the API describes it.

use std::{collections::BTreeMap, time::SystemTime};

use jiff::Timestamp;
use serde::Deserialize;

use crate::store::{Stat, cloud::base64_md5};

/// Numbers are texts in this API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object {
    name: String,
    size: Option<String>,
    generation: Option<String>,
    pub(super) md5_hash: Option<String>,
    updated: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Object {
    /// Its checksum. Objects that were composed have none.
    pub(super) fn md5(&self) -> Option<[u8; 16]> {
        self.md5_hash.as_deref().and_then(base64_md5)
    }

    /// What there is to say of it; nothing when it does not say how long it is.
    pub(super) fn into_stat(self) -> Option<Stat> {
        let updated = self
            .updated
            .as_deref()
            .and_then(|text| text.parse::<Timestamp>().ok());
        Some(Stat {
            md5: self.md5(),
            size: self.size?.parse().ok()?,
            // Unlike the ETag this can be asked for when it is read.
            etag: self.generation,
            modified: updated.and_then(|time| SystemTime::try_from(time).ok()),
            metadata: self
                .metadata
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            key: self.name,
        })
    }
}
