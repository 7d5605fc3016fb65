//! cosign's first form: a manifest under a tag made of the digest, one layer a signature.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, RawManifest, Repository, Result, Tag, media_type,
};

use super::{
    PrivateKey, Signed,
    key_file::internal,
    manifest::{Annotations, Entry, Manifest},
};

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Base64 of the signature over the layer.
pub(super) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// What is signed.
#[derive(Debug, Clone)]
pub struct LegacySignature<'a> {
    /// The artifact.
    pub subject: Digest,
    /// Under which name: containers/image asks for it (`signedIdentity`), cosign does not.
    pub name: &'a Repository,
    /// The signer's annotations (`-a`).
    pub annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Payload<'a> {
    critical: Critical,
    optional: Option<&'a BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct Critical {
    identity: Identity,
    image: Image,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Serialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// The tag under which signatures (`sig`) or attestations (`att`) of a digest lie.
///
/// # Errors
/// `Unsupported` for a digest that is too long for a tag.
pub fn legacy_tag(subject: &Digest, kind: &str) -> Result<Tag> {
    let text = format!("{}-{}.{kind}", subject.algorithm(), subject.hex());
    text.parse().map_err(|cause| {
        Error::new(ErrorKind::Unsupported, "the digest is too long for a tag").because(cause)
    })
}

/// Signs an artifact. `existing` is what lies under the tag now: its signatures stay, and this one is added, unless it
/// is there already.
///
/// # Errors
/// `Conflict` when what lies under the tag are no signatures; `Unsupported` for a digest that is too long for a tag.
pub fn sign_legacy(
    key: &PrivateKey,
    signature: &LegacySignature<'_>,
    existing: Option<&RawManifest>,
) -> Result<Signed> {
    let payload = Payload {
        critical: Critical {
            identity: Identity {
                reference: signature.name.to_string(),
            },
            image: Image {
                digest: signature.subject.to_string(),
            },
            r#type: "cosign container image signature",
        },
        optional: Some(signature.annotations).filter(|annotations| !annotations.is_empty()),
    };
    let payload =
        serde_json::to_vec(&payload).map_err(|_| internal("the payload cannot be written"))?;
    let base64 = STANDARD.encode(key.sign(&payload)?);
    let annotations = Annotations::from([(SIGNATURE.to_owned(), base64)]);
    let tag = legacy_tag(&signature.subject, "sig")?;
    appended(existing, SIMPLE_SIGNING, payload.into(), annotations, tag)
}

/// The manifest with one more layer.
pub(super) fn appended(
    existing: Option<&RawManifest>,
    media_type: &str,
    blob: Bytes,
    annotations: Annotations,
    tag: Tag,
) -> Result<Signed> {
    let layer = Descriptor::of(media_type, &blob);
    let mut entry = Entry::of(&layer);
    entry.annotations = annotations;
    let entry = entry.raw()?;
    let (mut layers, kept) = existing.map_or(Ok(Default::default()), layers)?;
    if let Some(existing) = existing
        && layers.iter().any(|known| value(known) == value(&entry))
    {
        return Ok(Signed {
            manifest: existing.clone(),
            blobs: vec![(layer, blob)],
            tag: Some(tag),
        });
    }
    layers.push(entry);
    let config = config(&layers)?;
    let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
    let mut manifest = Manifest::new(Entry::of(&descriptor));
    manifest.layers = layers;
    manifest.annotations = kept;
    Ok(Signed {
        manifest: manifest.raw()?,
        blobs: vec![(descriptor, config), (layer, blob)],
        tag: Some(tag),
    })
}

/// The layers and annotations of a manifest of signatures, byte for byte as they are.
fn layers(manifest: &RawManifest) -> Result<(Vec<Box<RawValue>>, Annotations)> {
    let foreign = || {
        Error::new(
            ErrorKind::Conflict,
            format!(
                "{} lies where signatures belong, and is no manifest of signatures",
                manifest.digest()
            ),
        )
        .hinting("look at it with `transship inspect`; nothing was overwritten")
    };
    if manifest.media_type() != media_type::OCI_MANIFEST {
        return Err(foreign());
    }
    let annotations = manifest.children()?.annotations;
    let fields: Layers = serde_json::from_slice(manifest.bytes()).map_err(|_| foreign())?;
    Ok((fields.layers, annotations))
}

#[derive(Deserialize)]
struct Layers {
    layers: Vec<Box<RawValue>>,
}

/// What a layer says, in whatever order it says it.
fn value(layer: &RawValue) -> Value {
    serde_json::from_str(layer.get()).unwrap_or_default()
}

#[derive(Serialize)]
struct ImageConfig {
    architecture: &'static str,
    created: &'static str,
    history: Vec<History>,
    os: &'static str,
    rootfs: RootFs,
    config: Nothing,
}

#[derive(Serialize)]
struct History {
    created: &'static str,
}

#[derive(Serialize)]
struct RootFs {
    r#type: &'static str,
    diff_ids: Vec<Value>,
}

#[derive(Serialize)]
struct Nothing {}

/// The configuration that makes an image of it; containers/image looks at its list of layers.
fn config(layers: &[Box<RawValue>]) -> Result<Bytes> {
    const NEVER: &str = "0001-01-01T00:00:00Z";
    let digests = layers.iter().map(|layer| value(layer)["digest"].clone());
    let config = ImageConfig {
        architecture: "",
        created: NEVER,
        history: layers.iter().map(|_| History { created: NEVER }).collect(),
        os: "",
        rootfs: RootFs {
            r#type: "layers",
            diff_ids: digests.collect(),
        },
        config: Nothing {},
    };
    let json = serde_json::to_vec(&config);
    json.map(Bytes::from)
        .map_err(|_| internal("the configuration cannot be written"))
}

#[cfg(test)]
mod tests;
