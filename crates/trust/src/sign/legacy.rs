//! cosign's first form: a manifest under a tag made of the digest, one layer a signature.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use transship_oci::{Digest, Error, ErrorKind, RawManifest, Repository, Result, Tag};

use super::{PrivateKey, Signed, key_file::internal, manifest::Annotations, stack::appended};
use crate::storage::{SIGNATURE, SIMPLE_SIGNING};

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

#[cfg(test)]
mod tests;
