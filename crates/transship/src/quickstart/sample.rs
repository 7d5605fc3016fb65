//! The sample: an image for two platforms, an SBOM, and signatures, all made on the spot.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use transship_oci::{
    Descriptor, Digest, MemoryBlob, Placement, Platform, RawManifest, Result, Sink, Tag, media_type,
};

use super::{
    key::Key,
    tar::{self, File},
};

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const SPDX: &str = "application/spdx+json";

/// A manifest and the blobs that only it needs.
pub(super) struct Artifact {
    pub(super) manifest: RawManifest,
    blobs: Vec<(Descriptor, Bytes)>,
}

impl Artifact {
    /// An artifact of a configuration and some layers.
    fn new(
        config: (Descriptor, Bytes),
        layers: Vec<(Descriptor, Bytes)>,
        extra: &[(&str, Value)],
    ) -> Result<Self> {
        let descriptors: Vec<&Descriptor> = layers.iter().map(|(layer, _)| layer).collect();
        let mut fields = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": config.0,
            "layers": descriptors,
        });
        for (key, value) in extra {
            fields[*key] = value.clone();
        }
        Ok(Self {
            manifest: RawManifest::named(media_type::OCI_MANIFEST, bytes(&fields))?,
            blobs: std::iter::once(config).chain(layers).collect(),
        })
    }

    /// Pushes it, by digest.
    pub(super) async fn push(&self, to: &dyn Sink) -> Result<()> {
        for (descriptor, content) in &self.blobs {
            let blob = MemoryBlob::new(descriptor.clone(), content.clone());
            to.put_blob(&blob, &Placement::default()).await?;
        }
        to.put_manifest(&self.manifest).await
    }

    /// Pushes it under a tag.
    pub(super) async fn push_as(&self, tag: &Tag, to: &dyn Sink) -> Result<()> {
        self.push(to).await?;
        to.tag(std::slice::from_ref(tag), &self.manifest).await
    }
}

/// The image for one platform: two layers, of which the first is the same for all platforms.
pub(super) fn image(platform: &Platform) -> Result<Artifact> {
    let greeting = (0..2000).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "{i}: every byte of this goes along");
        text
    });
    let common = tar::layer(&[File {
        path: "usr/share/hello/text",
        mode: 0o644,
        content: greeting.as_bytes(),
    }]);
    let program = format!("#!/bin/sh\n# for {platform}\ncat /usr/share/hello/text\n");
    let own = tar::layer(&[File {
        path: "usr/bin/hello",
        mode: 0o755,
        content: program.as_bytes(),
    }]);
    let layers: Vec<_> = [common, own]
        .map(|layer| blob(media_type::OCI_LAYER, layer))
        .into();
    let diff_ids: Vec<_> = layers.iter().map(|(layer, _)| layer.digest).collect();
    let config = json!({
        "os": platform.os,
        "architecture": platform.architecture,
        "config": {"Entrypoint": ["/usr/bin/hello"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    Artifact::new(blob(media_type::OCI_CONFIG, bytes(&config)), layers, &[])
}

/// The index over images for several platforms.
pub(super) fn index(images: &[(Platform, Artifact)]) -> Result<Artifact> {
    let manifests: Vec<Descriptor> = images
        .iter()
        .map(|(platform, image)| Descriptor {
            platform: Some(platform.clone()),
            ..image.manifest.descriptor().clone()
        })
        .collect();
    let fields = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": manifests,
        "annotations": {"org.opencontainers.image.title": "hello"},
    });
    Ok(Artifact {
        manifest: RawManifest::named(media_type::OCI_INDEX, bytes(&fields))?,
        blobs: Vec::new(),
    })
}

/// An SBOM that names `subject` in its manifest, as the OCI 1.1 specifications have it.
pub(super) fn sbom(subject: &RawManifest) -> Result<Artifact> {
    let document = json!({
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "hello",
        "packages": [{"SPDXID": "SPDXRef-hello", "name": "hello", "downloadLocation": "NOASSERTION"}],
    });
    Artifact::new(
        blob(media_type::OCI_EMPTY, Bytes::from_static(b"{}")),
        vec![blob(SPDX, bytes(&document))],
        &[
            ("artifactType", json!(SPDX)),
            ("subject", json!(subject.descriptor())),
        ],
    )
}

/// A signature of `subject` as cosign makes it: what is signed is a small document that names the digest.
pub(super) fn signature(subject: &Digest, repository: &str, key: &Key) -> Result<Artifact> {
    let payload = bytes(&json!({
        "critical": {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": subject},
            "type": "cosign container image signature",
        },
        "optional": null,
    }));
    let mut layer = blob(SIMPLE_SIGNING, payload);
    let signed = STANDARD.encode(key.sign(&layer.1)?);
    layer.0.annotations.insert(SIGNATURE.to_owned(), signed);
    let config = json!({
        "os": "", "architecture": "", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer.0.digest]},
    });
    Artifact::new(
        blob(media_type::OCI_CONFIG, bytes(&config)),
        vec![layer],
        &[],
    )
}

/// The layers of a signature's manifest that hold a signature, with the signatures.
pub(super) fn signatures(manifest: &RawManifest) -> Result<Vec<(Descriptor, Vec<u8>)>> {
    let layers = manifest.children()?.blobs.into_iter();
    Ok(layers
        .filter_map(|layer| {
            let signature = STANDARD.decode(layer.annotations.get(SIGNATURE)?).ok()?;
            (layer.media_type == SIMPLE_SIGNING).then_some((layer, signature))
        })
        .collect())
}

/// The digest that a signed document speaks of.
pub(super) fn signed_digest(payload: &[u8]) -> Option<Digest> {
    let document: Value = serde_json::from_slice(payload).ok()?;
    document["critical"]["image"]["docker-manifest-digest"]
        .as_str()?
        .parse()
        .ok()
}

fn blob(media_type: &str, content: impl Into<Bytes>) -> (Descriptor, Bytes) {
    let content = content.into();
    (Descriptor::of(media_type, &content), content)
}

fn bytes(document: &Value) -> Bytes {
    document.to_string().into()
}
