//! Artifacts that are no images, and what lies beside an image.

use transship_oci::{Descriptor, Digest, Tag, media_type};

use super::{Graph, Image, Layer};

/// What cosign keeps in tags made of the subject's digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signatures, `.sig`.
    Signature,
    /// Attestations, `.att`.
    Attestation,
    /// A bill of materials, `.sbom`.
    Sbom,
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Attestation => "att",
            Self::Sbom => "sbom",
        }
    }

    fn layer(self, payload: &[u8]) -> Layer {
        let payload = payload.to_vec();
        match self {
            Self::Signature => {
                Layer::new("application/vnd.dev.cosign.simplesigning.v1+json", payload)
                    .annotated("dev.cosignproject.cosign/signature", "c2lnbmVk")
            }
            Self::Attestation => Layer::new("application/vnd.dsse.envelope.v1+json", payload)
                .annotated("dev.cosignproject.cosign/signature", "")
                .annotated("predicateType", "https://spdx.dev/Document"),
            Self::Sbom => Layer::new("text/spdx+json", payload),
        }
    }

    /// The tag for a subject.
    pub fn tag(self, subject: &Digest) -> Tag {
        let text = format!(
            "{}-{}.{}",
            subject.algorithm(),
            subject.hex(),
            self.suffix()
        );
        text.parse().expect("a tag")
    }
}

impl Graph {
    /// Adds a Helm chart.
    pub fn helm_chart(&mut self, name: &str) -> Descriptor {
        let config = format!(r#"{{"name":"{name}","version":"1.0.0","apiVersion":"v2"}}"#);
        let chart = super::layer::gzip(&format!("{name}/Chart.yaml"), config.as_bytes());
        let layer = Layer {
            media_type: "application/vnd.cncf.helm.chart.content.v1.tar+gzip".to_owned(),
            ..chart
        };
        let config = Layer::new("application/vnd.cncf.helm.config.v1+json", config);
        self.image(Image::new().config(config).layer(layer))
    }

    /// Adds a WebAssembly module.
    pub fn wasm(&mut self) -> Descriptor {
        let module = Layer::new("application/wasm", &b"\0asm\x01\0\0\0"[..]);
        let config = r#"{"architecture":"wasm","os":"wasip1","layerDigests":[]}"#;
        let config = Layer::new("application/vnd.wasm.config.v0+json", config);
        self.image(Image::new().config(config).layer(module))
    }

    /// Adds an artifact without a configuration of its own.
    pub fn artifact(&mut self, kind: &str, content: &[u8]) -> Descriptor {
        let content = Layer::new(kind, content.to_vec());
        self.image(
            Image::new()
                .empty_config()
                .artifact_type(kind)
                .layer(content),
        )
    }

    /// Adds a referrer of `subject`.
    pub fn attach(&mut self, subject: &Descriptor, kind: &str, content: &[u8]) -> Descriptor {
        let content = Layer::new(kind, content.to_vec());
        let image = Image::new()
            .empty_config()
            .artifact_type(kind)
            .subject(subject);
        self.image(
            image
                .layer(content)
                .annotated("org.example.made-by", "the test kit"),
        )
    }

    /// Adds a referrer as Notation makes it: its kind is its configuration's media type.
    pub fn attach_by_config(
        &mut self,
        subject: &Descriptor,
        kind: &str,
        content: &[u8],
    ) -> Descriptor {
        let config = Layer::new(kind, &b"{}"[..]);
        let content = Layer::new("application/jose+json", content.to_vec());
        self.image(Image::new().config(config).subject(subject).layer(content))
    }

    /// Adds signatures of `subject` in its `.sig` tag, a layer each, as cosign 2 does.
    pub fn sign_in_tag(&mut self, subject: &Descriptor, payloads: &[&[u8]]) -> Descriptor {
        self.put_beside(subject, Kind::Signature, payloads)
    }

    /// Adds what cosign 2 keeps in a tag of the subject.
    pub fn put_beside(
        &mut self,
        subject: &Descriptor,
        kind: Kind,
        payloads: &[&[u8]],
    ) -> Descriptor {
        let layers = payloads.iter().map(|payload| kind.layer(payload));
        let config = Layer::new(media_type::OCI_CONFIG, r#"{"architecture":"","os":""}"#);
        let node = self.image(Image::new().config(config).layers(layers));
        self.tag(kind.tag(&subject.digest).as_str(), &node);
        node
    }

    /// Adds what a client leaves at a registry without the referrers API: the fallback tag with an index of all
    /// referrers of `subject` in the graph.
    pub fn fallback_index(&mut self, subject: &Descriptor) -> Descriptor {
        let listed: Vec<Descriptor> = self
            .manifests()
            .iter()
            .filter_map(|manifest| {
                let children = manifest.children().ok()?;
                (children.subject_digest() == Some(subject.digest)).then(|| Descriptor {
                    artifact_type: children.artifact_type,
                    annotations: children.annotations,
                    ..manifest.descriptor().clone()
                })
            })
            .collect();
        let node = self.index(super::Index::of(listed));
        self.tag(Tag::fallback(&subject.digest).as_str(), &node);
        node
    }
}
