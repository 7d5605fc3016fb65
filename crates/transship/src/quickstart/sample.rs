//! The sample: an image for two platforms and an SBOM, made on the spot.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};
use transship_oci::{
    Descriptor, MemoryBlob, Placement, Platform, RawManifest, Result, Sink, Tag, media_type,
};

use super::tar::{self, File};

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

fn blob(media_type: &str, content: impl Into<Bytes>) -> (Descriptor, Bytes) {
    let content = content.into();
    (Descriptor::of(media_type, &content), content)
}

fn bytes(document: &Value) -> Bytes {
    document.to_string().into()
}
