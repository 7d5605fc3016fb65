//! An OCI image layout (image-spec, image-layout.md), whoever wrote it.

use bytes::Bytes;
use serde::Deserialize;
use transship_oci::{Descriptor, Error, ErrorKind, MAX_MANIFEST, RawManifest, Result};

use super::files::{Files, object, read};
use crate::{
    layout::{INDEX, OCI_LAYOUT, blob_path},
    repository::{Manifests, Node},
};

/// The largest `index.json` that is read, in bytes.
const MAX_INDEX: u64 = 16 * 1024 * 1024;
/// The most manifests of one layout, and the bytes of all together: they are held in memory.
const MAX_MANIFESTS: usize = 100_000;
const MAX_MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// What an index leads to.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) entries: Vec<Descriptor>,
    pub(super) manifests: Manifests,
}

/// Reads a layout; `None` where there is none.
///
/// # Errors
/// `Corrupt` for one that breaks its rules, `Unsupported` for one of another version.
pub(super) async fn layout(files: &dyn Files) -> Result<Option<Layout>> {
    let Some(index) = read(files, INDEX, MAX_INDEX).await? else {
        return Ok(None);
    };
    // hauler leaves the version out for containerd's sake.
    if let Some(version) = read(files, OCI_LAYOUT, 1024).await? {
        check_version(&version)?;
    }
    let entries = entries(&index)?;
    let manifests = manifests(files, &entries).await?;
    Ok(Some(Layout { entries, manifests }))
}

fn check_version(bytes: &[u8]) -> Result<()> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(rename = "imageLayoutVersion")]
        version: String,
    }
    let version: Version = object(OCI_LAYOUT, bytes)?;
    if version.version.starts_with("1.") {
        return Ok(());
    }
    let shown: String = version.version.chars().take(20).collect();
    let message = format!("the image layout is of version {shown:?}; 1.0.0 is known");
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn entries(bytes: &[u8]) -> Result<Vec<Descriptor>> {
    #[derive(Deserialize)]
    struct Index {
        // olareg and Go in general write an empty list as null.
        manifests: Option<Vec<Descriptor>>,
    }
    let index: Index = object(INDEX, bytes)?;
    let entries = index.manifests.unwrap_or_default();
    let stranger = entries.iter().find(|entry| !entry.is_manifest());
    stranger.map_or(Ok(()), |entry| {
        let message = format!(
            "{INDEX} lists {} of the type {:?}, which is no manifest",
            entry.digest, entry.media_type
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    })?;
    Ok(entries)
}

/// Reads everything that the entries lead to. A child that is missing is left out: layouts of one platform are common.
async fn manifests(files: &dyn Files, entries: &[Descriptor]) -> Result<Manifests> {
    let mut manifests = Manifests::default();
    let (mut count, mut total) = (0, 0);
    let mut ahead: Vec<(Descriptor, bool)> = entries.iter().cloned().map(|it| (it, true)).collect();
    while let Some((node, listed)) = ahead.pop() {
        if manifests.get(&node.digest).is_some() {
            continue;
        }
        let Some(bytes) = read(files, &blob_path(&node.digest), MAX_MANIFEST).await? else {
            if listed {
                return Err(absent(&node));
            }
            continue;
        };
        count += 1;
        total += bytes.len() as u64;
        check_sum(count, total)?;
        let node = manifest(&node, bytes)?;
        ahead.extend(
            node.children
                .manifests
                .iter()
                .cloned()
                .map(|it| (it, false)),
        );
        manifests.add(node);
    }
    Ok(manifests)
}

fn manifest(node: &Descriptor, bytes: Bytes) -> Result<Node> {
    let plain = Descriptor::new(&node.media_type, node.digest, node.size);
    Node::read(RawManifest::verified(&plain, bytes)?)
}

fn absent(node: &Descriptor) -> Error {
    let message = format!("{INDEX} lists {}, which is not in the layout", node.digest);
    Error::new(ErrorKind::Corrupt, message)
}

fn check_sum(count: usize, bytes: u64) -> Result<()> {
    if count <= MAX_MANIFESTS && bytes <= MAX_MANIFEST_BYTES {
        return Ok(());
    }
    let message = format!(
        "the layout has more than {MAX_MANIFESTS} manifests or {MAX_MANIFEST_BYTES} bytes of them"
    );
    Err(Error::new(ErrorKind::Corrupt, message))
}
