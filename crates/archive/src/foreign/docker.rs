//! What `docker save` writes: configurations and unpacked layers, and no manifest that a registry ever had.
//!
//! A manifest is made here, the same for the same file: layers are taken as they lie, so that digest and size are known
//! from the configuration, and nothing is compressed or hashed before it moves.

use std::collections::HashMap;

use bytes::Bytes;
use futures::TryStreamExt as _;
use serde::Deserialize;
use serde_json::json;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, MAX_CHILDREN, MAX_MANIFEST, RawManifest, Reference,
    Result, media_type,
};

use super::{
    compression::{Compression, compression},
    files::{Files, object, read},
    name::Called,
};
use crate::{
    layout::DOCKER_MANIFEST,
    repository::{Manifests, Node},
};

const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
const LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// The most images of one file.
const MAX_IMAGES: usize = 10_000;

/// What such a file holds.
#[derive(Debug, Default)]
pub(super) struct Images {
    pub(super) entries: Vec<(Called, Descriptor)>,
    pub(super) manifests: Manifests,
    /// Where the blobs lie.
    pub(super) paths: HashMap<Digest, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Debug, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

/// Reads such a file; `None` where there is none.
///
/// # Errors
/// `Corrupt` for one that contradicts itself; `Unsupported` for one whose layers are compressed.
pub(super) async fn images(files: &dyn Files) -> Result<Option<Images>> {
    let Some(bytes) = read(files, DOCKER_MANIFEST, MAX_MANIFEST).await? else {
        return Ok(None);
    };
    let listed: Vec<Image> = serde_json::from_slice(&bytes).map_err(|cause| {
        Error::new(
            ErrorKind::Corrupt,
            format!("{DOCKER_MANIFEST} cannot be read"),
        )
        .because(cause)
    })?;
    if listed.len() > MAX_IMAGES {
        return Err(corrupt(format!(
            "{DOCKER_MANIFEST} lists more than {MAX_IMAGES} images"
        )));
    }
    let mut images = Images::default();
    for image in listed {
        add(&mut images, files, image).await?;
    }
    Ok(Some(images))
}

async fn add(images: &mut Images, files: &dyn Files, image: Image) -> Result<()> {
    let config = read(files, &image.config, MAX_MANIFEST).await?;
    let config = config.ok_or_else(|| absent(&image.config))?;
    let ids = diff_ids(&image.config, &config)?;
    let layers = image.layers.unwrap_or_default();
    if ids.len() != layers.len() || layers.len() > MAX_CHILDREN {
        let message = format!(
            "{} has {} layers, but {DOCKER_MANIFEST} lists {}",
            image.config,
            ids.len(),
            layers.len()
        );
        return Err(corrupt(message));
    }
    let mut blobs = Vec::with_capacity(layers.len());
    for (id, path) in ids.into_iter().zip(layers) {
        let layer = layer(files, id, &path).await?;
        images.paths.insert(layer.digest, path);
        blobs.push(layer);
    }
    let config = Descriptor::of(CONFIG, &config);
    images.paths.insert(config.digest, image.config);
    let manifest = manifest(&config, &blobs)?;
    let root = manifest.descriptor().clone();
    images.manifests.add(Node::read(manifest)?);
    for called in names(&image.repo_tags.unwrap_or_default())? {
        images.entries.push((called, root.clone()));
    }
    Ok(())
}

fn diff_ids(path: &str, bytes: &[u8]) -> Result<Vec<Digest>> {
    let config: Config = object(path, bytes)?;
    Ok(config.rootfs.diff_ids.unwrap_or_default())
}

async fn layer(files: &dyn Files, id: Digest, path: &str) -> Result<Descriptor> {
    let size = files.size(path).await?.ok_or_else(|| absent(path))?;
    let kind = compression(&start(files, path, size).await?);
    if kind == Compression::None {
        return Ok(Descriptor::new(LAYER, id, size));
    }
    // What was compressed hashes to something else than the configuration says. crane calls it by what it hashes to;
    // whoever reads it finds out whether that is so.
    match (kind, path.split_once('.')) {
        (Compression::Gzip, Some((hex, "tar.gz"))) => format!("sha256:{hex}")
            .parse()
            .map(|digest| Descriptor::new(LAYER_GZIP, digest, size))
            .map_err(|_| compressed(path)),
        _ => Err(compressed(path)),
    }
}

/// The first bytes of a file.
async fn start(files: &dyn Files, path: &str, size: u64) -> Result<Bytes> {
    if size == 0 {
        return Ok(Bytes::new());
    }
    let mut bytes = files.open(path, 0).await?;
    Ok(bytes.try_next().await?.unwrap_or_default())
}

fn compressed(path: &str) -> Error {
    let message =
        format!("layer {path} is compressed, so that its digest is not known before it is read");
    Error::new(ErrorKind::Unsupported, message).hinting(
        "copy it into an OCI layout first, with `skopeo copy docker-archive:FILE oci:FOLDER`",
    )
}

fn manifest(config: &Descriptor, layers: &[Descriptor]) -> Result<RawManifest> {
    let document = json!({
        "schemaVersion": 2,
        "mediaType": media_type::DOCKER_MANIFEST,
        "config": config,
        "layers": layers,
    });
    RawManifest::named(media_type::DOCKER_MANIFEST, document.to_string().into())
}

/// An image without names is there all the same.
fn names(tags: &[String]) -> Result<Vec<Called>> {
    if tags.is_empty() {
        return Ok(vec![Called::default()]);
    }
    let called = tags.iter().map(|tag| {
        let reference: Reference = tag.parse().map_err(|cause| {
            corrupt(format!(
                "{DOCKER_MANIFEST} names an image that no registry could have"
            ))
            .because(cause)
        })?;
        Ok(Called {
            tag: reference.published_tag(),
            repository: Some(reference.repository),
        })
    });
    called.collect()
}

fn absent(path: &str) -> Error {
    let shown: String = path.chars().take(200).collect();
    corrupt(format!(
        "{DOCKER_MANIFEST} names {shown:?}, which is not there"
    ))
}

fn corrupt(message: String) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
