//! The two files of an OCI image layout (image-spec, image-layout.md), read and written as text.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use transship_oci::{Descriptor, Digest, Error, ErrorKind, Result, Tag, media_type};

use crate::store::index::Index;

/// The index's file name.
pub(super) const INDEX: &str = "index.json";
/// The marker's file name.
pub(super) const MARKER: &str = "oci-layout";
/// The names that a layout uses itself.
pub(super) const OWN: [&str; 3] = [INDEX, MARKER, "blobs"];
/// The marker's content.
pub(super) const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The annotation that holds a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What an index says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Every manifest that it lists.
    pub(super) manifests: Vec<Descriptor>,
    /// What its names point at.
    pub(super) tags: BTreeMap<Tag, Digest>,
}

/// Reads an index, ours or another program's.
///
/// # Errors
/// `Corrupt` when it is none.
pub(super) fn read(bytes: &[u8]) -> Result<Listing> {
    #[derive(Deserialize)]
    struct File {
        manifests: Option<Vec<Descriptor>>,
    }
    let file: File = serde_json::from_slice(bytes).map_err(|cause| {
        Error::new(ErrorKind::Corrupt, "the layout's index cannot be read").because(cause)
    })?;
    let mut listing = Listing::default();
    for mut descriptor in file.manifests.unwrap_or_default() {
        let name = descriptor.annotations.remove(REF_NAME);
        if let Some(tag) = name.as_deref().and_then(tag) {
            listing.tags.insert(tag, descriptor.digest);
        }
        listing.manifests.push(Descriptor::new(
            descriptor.media_type,
            descriptor.digest,
            descriptor.size,
        ));
    }
    Ok(listing)
}

/// The tag in a name: some programs write a tag there, some a whole reference.
fn tag(name: &str) -> Option<Tag> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = last.split('@').next().unwrap_or(last);
    let tag = last.rsplit_once(':').map_or(last, |(_, tag)| tag);
    tag.parse().ok()
}

/// Writes an index: a line for each tag, in their order, then what has no tag, by digest.
pub(super) fn write(index: &Index) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct File<'a> {
        schema_version: u32,
        media_type: &'static str,
        manifests: Vec<Line<'a>>,
    }
    let named = index.all_tags().filter_map(|(tag, digest)| {
        let descriptor = index.descriptor(digest)?;
        Some(Line::new(descriptor, Some(tag)))
    });
    let tagged: HashSet<_> = index.all_tags().map(|(_, digest)| digest).collect();
    let nameless = index
        .manifests()
        .filter(|descriptor| !tagged.contains(&descriptor.digest))
        .map(|descriptor| Line::new(descriptor, None));
    let file = File {
        schema_version: 2,
        media_type: media_type::OCI_INDEX,
        manifests: named.chain(nameless).collect(),
    };
    serde_json::to_vec(&file).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the layout's index cannot be written").because(cause)
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    media_type: &'a str,
    digest: &'a Digest,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Name<'a>>,
}

#[derive(Serialize)]
struct Name<'a> {
    #[serde(rename = "org.opencontainers.image.ref.name")]
    tag: &'a str,
}

impl<'a> Line<'a> {
    fn new(descriptor: &'a Descriptor, tag: Option<&'a Tag>) -> Self {
        Self {
            media_type: &descriptor.media_type,
            digest: &descriptor.digest,
            size: descriptor.size,
            annotations: tag.map(|tag| Name { tag: tag.as_str() }),
        }
    }
}

#[cfg(test)]
mod tests;
