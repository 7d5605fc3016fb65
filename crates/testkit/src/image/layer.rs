//! Layers: real tars, compressed or not, and bytes that only look like some.

use std::{collections::BTreeMap, io::Write as _};

use bytes::Bytes;
use transship_oci::{Algorithm, Descriptor, Digest, media_type};

/// A layer, or any other blob of an image manifest.
#[derive(Debug, Clone)]
pub struct Layer {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    pub(super) algorithm: Algorithm,
    /// The digest of the tar before it was compressed.
    pub(super) diff_id: Option<Digest>,
    pub(super) urls: Vec<String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Layer {
    /// Any bytes as any type.
    pub fn new(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
            algorithm: Algorithm::Sha256,
            diff_id: None,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// Names it by its SHA-512.
    pub fn sha512(mut self) -> Self {
        self.algorithm = Algorithm::Sha512;
        self
    }

    /// Adds an annotation to its descriptor.
    pub fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// What a manifest says of it.
    pub fn descriptor(&self) -> Descriptor {
        let digest = Digest::of(self.algorithm, &self.bytes);
        Descriptor {
            urls: self.urls.clone(),
            annotations: self.annotations.clone(),
            ..Descriptor::new(&self.media_type, digest, self.bytes.len() as u64)
        }
    }
}

/// A tar with one file in it, without a clock or an owner.
pub fn tar(path: &str, content: &[u8]) -> Bytes {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, path, content)
        .expect("a tar in memory");
    archive.into_inner().expect("a tar in memory").into()
}

/// A plain tar layer.
pub fn plain(path: &str, content: &[u8]) -> Layer {
    Layer::new(media_type::OCI_LAYER, tar(path, content))
}

/// A gzip-compressed layer.
pub fn gzip(path: &str, content: &[u8]) -> Layer {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(&tar(path, content))
        .expect("gzip in memory");
    let bytes = encoder.finish().expect("gzip in memory");
    compressed(media_type::OCI_LAYER_GZIP, bytes, path, content)
}

/// A zstd-compressed layer.
pub fn zstd(path: &str, content: &[u8]) -> Layer {
    let bytes = zstd::encode_all(&*tar(path, content), 1).expect("zstd in memory");
    compressed(media_type::OCI_LAYER_ZSTD, bytes, path, content)
}

fn compressed(media_type: &str, bytes: Vec<u8>, path: &str, content: &[u8]) -> Layer {
    Layer {
        diff_id: Some(Digest::sha256(&tar(path, content))),
        ..Layer::new(media_type, bytes)
    }
}

/// A layer of `size` bytes that no compressor can shrink; another `seed`, other bytes.
pub fn noise(seed: u64, size: usize) -> Layer {
    Layer::new(media_type::OCI_LAYER_GZIP, noise_bytes(seed, size))
}

/// A blob of no bytes at all.
pub fn empty() -> Layer {
    Layer::new(media_type::OCI_LAYER, Bytes::new())
}

/// A layer whose bytes are somewhere else only.
pub fn foreign(seed: u64) -> Layer {
    let media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    Layer {
        urls: vec![format!("https://layers.example/{seed}")],
        ..Layer::new(media_type, noise_bytes(seed, 512))
    }
}

/// Bytes that look random and are the same for the same seed (xorshift64*).
pub fn noise_bytes(seed: u64, size: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}
