//! Sigstore bundles v0.3 beside an image, as cosign 3 writes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use transship_oci::{Descriptor, Digest, Result, media_type};

use super::{
    PrivateKey, Signed, dsse,
    key_file::internal,
    manifest::{Annotations, Entry, Manifest},
};
use crate::{SIGN, Statement, StatementSubject, storage::BUNDLE};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    media_type: &'static str,
    verification_material: Material,
    dsse_envelope: dsse::Envelope,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Hint,
}

#[derive(Serialize)]
struct Hint {
    hint: String,
}

/// Signs an artifact: a bundle that says nothing but that the subject is meant, with the signer's annotations (`-a`).
/// `created` is written into the manifest and is not signed.
///
/// # Errors
/// `Internal` when the signature cannot be made.
pub fn sign(
    key: &PrivateKey,
    subject: &Descriptor,
    annotations: &BTreeMap<String, String>,
    created: Timestamp,
) -> Result<Signed> {
    let mut about = about(subject.digest);
    if !annotations.is_empty() {
        let values = annotations.iter();
        let values = values.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        about.annotations = Some(values.collect());
    }
    let statement = Statement {
        form: "https://in-toto.io/Statement/v1".to_owned(),
        subject: vec![about],
        predicate_type: SIGN.to_owned(),
        predicate: Value::Object(Map::new()),
    };
    referrer(bundle(key, &statement)?.into(), subject, SIGN, created)
}

/// A signed statement as the JSON of a bundle.
///
/// # Errors
/// `Internal` when the signature cannot be made.
pub fn bundle(key: &PrivateKey, statement: &Statement) -> Result<Vec<u8>> {
    let bundle = Bundle {
        media_type: BUNDLE,
        verification_material: Material {
            public_key: Hint {
                hint: key.public().hint(),
            },
        },
        dsse_envelope: dsse::envelope(key, statement)?,
    };
    serde_json::to_vec(&bundle).map_err(|_| internal("the bundle cannot be written"))
}

/// The manifest that puts a bundle beside `subject`.
///
/// # Errors
/// `Internal` when it cannot be written.
pub fn referrer(
    bundle: Bytes,
    subject: &Descriptor,
    predicate_type: &str,
    created: Timestamp,
) -> Result<Signed> {
    let layer = Descriptor::of(BUNDLE, &bundle);
    let empty = Bytes::from_static(b"{}");
    let config = Descriptor::of(media_type::OCI_EMPTY, &empty);
    let mut entry = Entry::of(&config);
    // cosign sets it here too; the specification knows it on descriptors of manifests only.
    entry.artifact_type = Some(BUNDLE.to_owned());
    let mut manifest = Manifest::new(entry);
    manifest.layers.push(Entry::of(&layer).raw()?);
    manifest.annotations = Annotations::from([
        (
            "dev.sigstore.bundle.content".to_owned(),
            "dsse-envelope".to_owned(),
        ),
        (
            "dev.sigstore.bundle.predicateType".to_owned(),
            predicate_type.to_owned(),
        ),
        (
            "org.opencontainers.image.created".to_owned(),
            created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ),
    ]);
    manifest.subject = Some(Entry::of(subject));
    manifest.artifact_type = Some(BUNDLE.to_owned());
    Ok(Signed {
        manifest: manifest.raw()?,
        blobs: vec![(config, empty), (layer, bundle)],
        tag: None,
    })
}

/// A subject that is its digest and nothing else.
pub(crate) fn about(digest: Digest) -> StatementSubject {
    StatementSubject {
        name: String::new(),
        digest: BTreeMap::from([(digest.algorithm().as_str().to_owned(), digest.hex())]),
        annotations: None,
    }
}

#[cfg(test)]
mod tests;
