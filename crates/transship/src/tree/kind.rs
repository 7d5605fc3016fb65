//! What a manifest is, told by what it holds: names and tags may lie, and old artifacts carry no `artifactType`.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use transship_oci::{Children, Descriptor, media_type};

/// What a manifest is, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Kind {
    /// `index`, `image`, `signature`, `attestation`, `sbom`, …
    pub(crate) kind: &'static str,
    /// Which of the many forms of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<String>,
}

impl Kind {
    fn new(kind: &'static str, form: impl Into<String>) -> Self {
        Self {
            kind,
            form: Some(form.into()),
        }
    }

    fn plain(kind: &'static str) -> Self {
        Self { kind, form: None }
    }

    /// What the manifest `node` with these `children` is.
    pub(crate) fn of(node: &Descriptor, children: &Children) -> Self {
        if let Some(kind) = children
            .blobs
            .iter()
            .find_map(|blob| of_layer(blob, &children.annotations))
        {
            return kind;
        }
        let declared = children
            .artifact_type
            .as_deref()
            .or(node.artifact_type.as_deref());
        if let Some(kind) = declared.and_then(|declared| of_type(declared, &children.annotations)) {
            return kind;
        }
        if media_type::is_index(&node.media_type) {
            return Self::plain("index");
        }
        match declared {
            None
            | Some(media_type::OCI_CONFIG | "application/vnd.docker.container.image.v1+json") => {
                Self::plain("image")
            }
            Some(media_type::OCI_EMPTY) => Self::plain("artifact"),
            Some(other) => Self::new("artifact", other),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == "sbom" {
            "SBOM"
        } else {
            self.kind
        };
        match &self.form {
            Some(form) => write!(f, "{kind} ({form})"),
            None => f.write_str(kind),
        }
    }
}

fn of_layer(blob: &Descriptor, manifest: &BTreeMap<String, String>) -> Option<Kind> {
    of_type(&blob.media_type, &blob.annotations).or_else(|| {
        // Bundles carry their predicate's type on the manifest.
        is_bundle(&blob.media_type).then(|| of_bundle(manifest))
    })
}

fn of_type(media_type: &str, annotations: &BTreeMap<String, String>) -> Option<Kind> {
    if is_bundle(media_type) {
        let known = annotations
            .keys()
            .any(|key| key.starts_with("dev.sigstore.bundle."));
        return known.then(|| of_bundle(annotations));
    }
    Some(match media_type {
        "application/vnd.dev.cosign.simplesigning.v1+json"
        | "application/vnd.dev.cosign.artifact.sig.v1+json" => Kind::new("signature", "cosign"),
        "application/vnd.cncf.notary.signature" => Kind::new("signature", "notation"),
        "application/vnd.dsse.envelope.v1+json" => {
            of_predicate(annotations.get("predicateType"), "DSSE")
        }
        "application/vnd.in-toto+json" => {
            of_predicate(annotations.get("in-toto.io/predicate-type"), "in-toto")
        }
        "text/spdx" | "text/spdx+json" | "text/spdx+xml" | "application/spdx+json" => {
            Kind::new("sbom", "SPDX")
        }
        "application/vnd.cyclonedx"
        | "application/vnd.cyclonedx+json"
        | "application/vnd.cyclonedx+xml" => Kind::new("sbom", "CycloneDX"),
        "application/vnd.syft+json" => Kind::new("sbom", "Syft"),
        "application/sarif+json" => Kind::new("scan", "SARIF"),
        "application/vnd.cncf.helm.config.v1+json" => Kind::new("chart", "Helm"),
        "application/vnd.wasm.config.v0+json"
        | "application/wasm"
        | "application/vnd.wasm.content.layer.v1+wasm" => Kind::new("module", "WebAssembly"),
        _ => return None,
    })
}

fn is_bundle(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.dev.sigstore.bundle")
}

fn of_bundle(annotations: &BTreeMap<String, String>) -> Kind {
    match annotations.get("dev.sigstore.bundle.predicateType") {
        Some(predicate) if predicate.starts_with("https://sigstore.dev/cosign/sign/") => {
            Kind::new("signature", "sigstore bundle")
        }
        Some(predicate) => of_predicate(Some(predicate), "sigstore bundle"),
        None if annotations
            .get("dev.sigstore.bundle.content")
            .is_some_and(|c| c == "dsse-envelope") =>
        {
            Kind::new("attestation", "sigstore bundle")
        }
        None => Kind::new("signature", "sigstore bundle"),
    }
}

fn of_predicate(predicate: Option<&String>, envelope: &str) -> Kind {
    let Some(predicate) = predicate else {
        return Kind::new("attestation", envelope);
    };
    let is = |stem: &str| predicate.starts_with(stem);
    if is("https://spdx.dev/Document") {
        Kind::new("sbom", format!("SPDX, {envelope}"))
    } else if is("https://cyclonedx.org/bom") {
        Kind::new("sbom", format!("CycloneDX, {envelope}"))
    } else if is("https://slsa.dev/provenance/") {
        Kind::new("provenance", format!("SLSA, {envelope}"))
    } else if is("https://cosign.sigstore.dev/attestation/vuln/") {
        Kind::new("scan", format!("cosign, {envelope}"))
    } else {
        Kind::new("attestation", format!("{predicate}, {envelope}"))
    }
}
