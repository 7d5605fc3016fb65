//! How an image and an index are told to a [`super::Graph`].

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use transship_oci::{Algorithm, Descriptor, Digest, Platform, RawManifest, media_type};

use super::Layer;

/// An image manifest to be.
#[derive(Debug, Clone)]
pub struct Image {
    pub(super) config: Option<Layer>,
    pub(super) layers: Vec<Layer>,
    pub(super) platform: Option<Platform>,
    media_type: &'static str,
    algorithm: Algorithm,
    subject: Option<Descriptor>,
    artifact_type: Option<String>,
    annotations: BTreeMap<String, String>,
}

impl Image {
    /// An OCI image for `linux/amd64` without layers.
    pub fn new() -> Self {
        Self {
            config: None,
            layers: Vec::new(),
            platform: None,
            media_type: media_type::OCI_MANIFEST,
            algorithm: Algorithm::Sha256,
            subject: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The same, in Docker's version 2 schema 2.
    pub fn docker() -> Self {
        Self {
            media_type: media_type::DOCKER_MANIFEST,
            ..Self::new()
        }
    }

    /// Says what it runs on, as `os/architecture[/variant]`, in its configuration and in an index that lists it.
    pub fn platform(mut self, platform: &str) -> Self {
        self.platform = Some(platform.parse().expect("a platform"));
        self
    }

    /// Adds a layer.
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// Adds layers.
    pub fn layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Takes these bytes for its configuration.
    pub fn config(mut self, config: Layer) -> Self {
        self.config = Some(config);
        self
    }

    /// Takes the empty descriptor, `{}`, for its configuration.
    pub fn empty_config(self) -> Self {
        self.config(Layer::new(media_type::OCI_EMPTY, &b"{}"[..]))
    }

    /// Says what it belongs to.
    pub fn subject(mut self, subject: &Descriptor) -> Self {
        let plain = Descriptor::new(&subject.media_type, subject.digest, subject.size);
        self.subject = Some(plain);
        self
    }

    /// Says what kind of artifact it is.
    pub fn artifact_type(mut self, kind: &str) -> Self {
        self.artifact_type = Some(kind.to_owned());
        self
    }

    /// Adds an annotation to the manifest.
    pub fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Names the manifest by its SHA-512.
    pub fn sha512(mut self) -> Self {
        self.algorithm = Algorithm::Sha512;
        self
    }

    /// The configuration: the one given, or one made up from platform and layers.
    pub(super) fn configuration(&self) -> Layer {
        self.config.clone().unwrap_or_else(|| {
            let platform = self.platform.clone().unwrap_or_else(|| Platform {
                os: "linux".to_owned(),
                architecture: "amd64".to_owned(),
                variant: None,
                os_version: None,
            });
            let mut value = serde_json::to_value(&platform).expect("a platform as JSON");
            let id = |layer: &Layer| layer.diff_id.unwrap_or_else(|| layer.descriptor().digest);
            let ids: Vec<Digest> = self.layers.iter().map(id).collect();
            value["rootfs"] = json!({"type": "layers", "diff_ids": ids});
            let kind = if self.media_type == media_type::DOCKER_MANIFEST {
                "application/vnd.docker.container.image.v1+json"
            } else {
                media_type::OCI_CONFIG
            };
            Layer::new(kind, value.to_string())
        })
    }

    pub(super) fn manifest(&self) -> RawManifest {
        let layers: Vec<Descriptor> = self.layers.iter().map(Layer::descriptor).collect();
        let mut fields = head(self.media_type, &self.annotations);
        fields.insert(
            "config".to_owned(),
            json!(self.configuration().descriptor()),
        );
        fields.insert("layers".to_owned(), json!(layers));
        if let Some(subject) = &self.subject {
            fields.insert("subject".to_owned(), json!(subject));
        }
        if let Some(kind) = &self.artifact_type {
            fields.insert("artifactType".to_owned(), json!(kind));
        }
        raw(self.media_type, self.algorithm, &fields)
    }
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

/// An index to be.
#[derive(Debug, Clone)]
pub struct Index {
    pub(super) children: Vec<Descriptor>,
    media_type: &'static str,
    algorithm: Algorithm,
    subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
}

impl Index {
    /// An OCI index of these children, which may be indexes themselves.
    pub fn of(children: impl IntoIterator<Item = Descriptor>) -> Self {
        Self {
            children: children.into_iter().collect(),
            media_type: media_type::OCI_INDEX,
            algorithm: Algorithm::Sha256,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The same, as a Docker manifest list.
    pub fn docker(mut self) -> Self {
        self.media_type = media_type::DOCKER_LIST;
        self
    }

    /// Says what it belongs to.
    pub fn subject(mut self, subject: &Descriptor) -> Self {
        let plain = Descriptor::new(&subject.media_type, subject.digest, subject.size);
        self.subject = Some(plain);
        self
    }

    /// Adds an annotation.
    pub fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Names the index by its SHA-512.
    pub fn sha512(mut self) -> Self {
        self.algorithm = Algorithm::Sha512;
        self
    }

    pub(super) fn manifest(&self) -> RawManifest {
        let mut fields = head(self.media_type, &self.annotations);
        fields.insert("manifests".to_owned(), json!(self.children));
        if let Some(subject) = &self.subject {
            fields.insert("subject".to_owned(), json!(subject));
        }
        raw(self.media_type, self.algorithm, &fields)
    }
}

fn head(media_type: &str, annotations: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("schemaVersion".to_owned(), json!(2));
    fields.insert("mediaType".to_owned(), json!(media_type));
    if !annotations.is_empty() {
        fields.insert("annotations".to_owned(), json!(annotations));
    }
    fields
}

fn raw(media_type: &str, algorithm: Algorithm, fields: &Map<String, Value>) -> RawManifest {
    // Indented by three, which no serializer does: whoever writes a manifest again changes its digest.
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(
        &mut text,
        serde_json::ser::PrettyFormatter::with_indent(b"   "),
    );
    serde::Serialize::serialize(fields, &mut serializer).expect("JSON in memory");
    let descriptor = Descriptor::new(media_type, Digest::of(algorithm, &text), text.len() as u64);
    RawManifest::verified(&descriptor, Bytes::from(text)).expect("bytes just hashed")
}
