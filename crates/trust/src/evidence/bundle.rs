//! Sigstore bundles, v0.1 to v0.3 (`application/vnd.dev.sigstore.bundle…+json`).

use serde::Deserialize;
use sigstore_types::{
    Bundle, SignatureContent,
    bundle::{MediaType, VerificationMaterialContent},
};

use super::{Material, Signature, Signed};
use crate::{IN_TOTO, Statement};

/// Reads a bundle.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub(super) fn parse(json: &[u8]) -> Result<Signature, String> {
    let text = std::str::from_utf8(json).map_err(|_| "the bundle is no text".to_owned())?;
    check_version(text)?;
    let bundle =
        Bundle::from_json(text).map_err(|cause| format!("the bundle cannot be read: {cause}"))?;
    signature(bundle)
}

/// A version that is not known is said to be that, before anything else in the bundle is complained of.
fn check_version(text: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        #[serde(default)]
        media_type: Option<String>,
    }
    let version: Version = serde_json::from_str(text)
        .map_err(|cause| format!("the bundle cannot be read: {cause}"))?;
    match version.media_type {
        Some(name) if name.parse::<MediaType>().is_err() => {
            let name: String = name.chars().take(80).collect();
            Err(format!("bundles of type {name:?} are not known here"))
        }
        _ => Ok(()),
    }
}

/// The judge's view of a bundle.
pub(super) fn signature(bundle: Bundle) -> Result<Signature, String> {
    let material = match &bundle.verification_material.content {
        VerificationMaterialContent::PublicKey(key) => Material::Key {
            hint: key.hint.clone(),
        },
        VerificationMaterialContent::Certificate(certificate) => Material::Certificate {
            leaf: certificate.raw_bytes.as_bytes().to_vec(),
            chain: Vec::new(),
        },
        VerificationMaterialContent::X509CertificateChain { certificates } => {
            let mut ders = certificates
                .iter()
                .map(|certificate| certificate.raw_bytes.as_bytes().to_vec());
            let leaf = ders
                .next()
                .ok_or("the bundle's certificate chain is empty")?;
            Material::Certificate {
                leaf,
                chain: ders.collect(),
            }
        }
        _ => return Err("the bundle names neither a key nor a certificate".to_owned()),
    };
    let (signed, bytes) = match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => {
            let said = if envelope.payload_type == IN_TOTO {
                Statement::parse(envelope.payload.as_bytes())
            } else {
                let kind: String = envelope.payload_type.chars().take(80).collect();
                Err(format!(
                    "the envelope holds {kind:?}, which is no statement"
                ))
            };
            let pae = envelope.pae();
            (
                Signed::Statement { pae, said },
                envelope.signature.sig.as_bytes().to_vec(),
            )
        }
        SignatureContent::MessageSignature(message) => {
            (Signed::Artifact, message.signature.as_bytes().to_vec())
        }
        _ => return Err("the bundle holds neither a signature nor an envelope".to_owned()),
    };
    Ok(Signature {
        material,
        signed,
        bytes,
        bundle,
    })
}
