//! What is remembered with each part of an archive that was sent.

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, HashState};

/// The state of the stream at the end of a part. The hashes may cover less or more than what comes before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Note {
    /// The blob that is in the middle, and the hash over its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blob: Option<(usize, HashState)>,
    /// The hash over the beginning of the file that is in the middle, where it is a part of a blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<(usize, HashState)>,
    /// The files of this volume that are parts of blobs and complete, by their place in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<(usize, Digest)>,
}

impl Note {
    pub(super) fn parse(text: &str) -> Self {
        // One that cannot be read is of no use, and nothing is lost but time.
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}
