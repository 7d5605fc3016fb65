//! The list in docker's form, for those who read no other: `docker load` of old, `podman load` of several images.

use serde::Serialize;
use transship_oci::{Artifact, Descriptor, Digest, RawManifest, Result, media_type};

use super::json;
use crate::layout::blob_path;

const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// The list of those artifacts that docker can load: tagged images, not indexes, all of whose blobs are `here`.
/// `None` where there is none, because an empty list would have them load nothing and say nothing.
pub(crate) fn docker_manifest<'a>(
    artifacts: impl Iterator<Item = &'a Artifact>,
    here: impl Fn(&Digest) -> bool,
) -> Result<Option<Vec<u8>>> {
    let images: Vec<_> = artifacts.filter_map(|it| image(it, &here)).collect();
    if images.is_empty() {
        return Ok(None);
    }
    json(&images).map(Some)
}

fn image(artifact: &Artifact, here: impl Fn(&Digest) -> bool) -> Option<Image> {
    let is_root = |manifest: &&RawManifest| manifest.digest() == artifact.root.digest;
    let root = artifact.manifests.iter().find(is_root)?;
    let children = root.children().ok()?;
    let (config, layers) = children.blobs.split_first()?;
    let loadable = is_image(root)
        && children.foreign.is_empty()
        && children.blobs.iter().all(|blob| here(&blob.digest));
    let repository = &artifact.reference.repository;
    let tags = artifact.tags.iter();
    (loadable && !artifact.tags.is_empty()).then(|| Image {
        config: blob_path(&config.digest),
        repo_tags: tags.map(|tag| format!("{repository}:{tag}")).collect(),
        layers: layers
            .iter()
            .map(|layer| blob_path(&layer.digest))
            .collect(),
    })
}

/// Is it an image that can be unpacked, rather than an index or something else in the same form?
pub(crate) fn is_image(manifest: &RawManifest) -> bool {
    let Ok(children) = manifest.children() else {
        return false;
    };
    let Some((config, layers)) = children.blobs.split_first() else {
        return false;
    };
    matches!(
        manifest.media_type(),
        media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST
    ) && matches!(
        config.media_type.as_str(),
        media_type::OCI_CONFIG | DOCKER_CONFIG
    ) && layers.iter().all(is_layer)
}

/// Is it a part of a file system? A signature has the config of an image and layers that are none.
fn is_layer(layer: &Descriptor) -> bool {
    layer
        .media_type
        .starts_with("application/vnd.oci.image.layer.v1.tar")
        || layer
            .media_type
            .starts_with("application/vnd.docker.image.rootfs.diff.tar")
}
