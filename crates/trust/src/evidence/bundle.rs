//! Sigstore bundles, v0.1 to v0.3 (`application/vnd.dev.sigstore.bundle…+json`).

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use sigstore_types::{
    Bundle, KindVersion, SignatureContent,
    bundle::{MediaType, VerificationMaterialContent},
};

use super::{Material, Signature, Signed, damaged};
use crate::{IN_TOTO, Outcome, Statement, verdict::Rejection};

/// Reads a bundle.
pub(super) fn parse(json: &[u8]) -> Result<Signature, Rejection> {
    let text = std::str::from_utf8(json).map_err(|_| damaged("the bundle is no text"))?;
    read(text)
}

/// Reads a bundle from its text.
pub(super) fn read(text: &str) -> Result<Signature, Rejection> {
    let unknown_log = check_known(text)?;
    let whole = match unknown_log {
        Some(problem) => Err(problem),
        None => Bundle::from_json(text).map_err(|cause| {
            (
                Outcome::LogEntry,
                format!("the log entry cannot be read: {cause}"),
            )
        }),
    };
    match whole {
        Ok(bundle) => signature(bundle),
        // A log entry that cannot be read is no reason not to read the signature: not everybody asks for the log.
        Err(problem) => {
            let mut signature = without_log(text).and_then(signature)?;
            signature.log_problem = Some(problem);
            Ok(signature)
        }
    }
}

/// The bundle as if it had no log entries.
fn without_log(text: &str) -> Result<Bundle, Rejection> {
    let unreadable = |cause: String| damaged(format!("the bundle cannot be read: {cause}"));
    let mut whole: Value =
        serde_json::from_str(text).map_err(|cause| unreadable(cause.to_string()))?;
    if let Some(material) = whole.get_mut("verificationMaterial") {
        material["tlogEntries"] = Value::Array(Vec::new());
    }
    Bundle::from_json(&whole.to_string()).map_err(|cause| unreadable(cause.to_string()))
}

/// What must be known before the rest can be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    #[serde(default)]
    media_type: Option<Value>,
    #[serde(default)]
    verification_material: Option<MaterialOutline>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MaterialOutline {
    #[serde(default)]
    tlog_entries: Option<Vec<EntryOutline>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryOutline {
    #[serde(default)]
    kind_version: Option<Value>,
}

/// A version of the bundle or a kind of log entry that is not known is said to be that: it may be sound, and is not damaged.
///
/// Returns what is to be said of an unknown log entry; a bundle of an unknown version is not read at all.
fn check_known(text: &str) -> Result<Option<Rejection>, Rejection> {
    let outline: Outline = serde_json::from_str(text)
        .map_err(|cause| damaged(format!("the bundle cannot be read: {cause}")))?;
    let unknown = |what: &str, value: &Value| {
        let value: String = value.to_string().chars().take(120).collect();
        let why = format!("{what} {value} is not known to this version");
        (Outcome::UnsupportedFormat, why)
    };
    if let Some(version) = &outline.media_type
        && !is::<MediaType>(version)
    {
        return Err(unknown("a bundle of type", version));
    }
    let entries = outline.verification_material.map(|it| it.tlog_entries);
    for kind in entries
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(|it| it.kind_version)
    {
        if !is::<KindVersion>(&kind) {
            return Ok(Some(unknown("a log entry of kind", &kind)));
        }
    }
    Ok(None)
}

fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

/// The judge's view of a bundle.
fn signature(bundle: Bundle) -> Result<Signature, Rejection> {
    let material = material(&bundle.verification_material.content)?;
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
            let bytes = envelope.signature.sig.as_bytes().to_vec();
            (Signed::Statement { pae, said }, bytes)
        }
        SignatureContent::MessageSignature(message) => (
            Signed::Artifact { bytes: None },
            message.signature.as_bytes().to_vec(),
        ),
        _ => {
            return Err(damaged(
                "the bundle holds neither a signature nor an envelope",
            ));
        }
    };
    Ok(Signature {
        material,
        signed,
        bytes,
        bundle,
        log_problem: None,
    })
}

fn material(content: &VerificationMaterialContent) -> Result<Material, Rejection> {
    match content {
        VerificationMaterialContent::PublicKey(key) => Ok(Material::Key {
            hint: key.hint.clone(),
        }),
        VerificationMaterialContent::Certificate(certificate) => Ok(Material::Certificate {
            leaf: certificate.raw_bytes.as_bytes().to_vec(),
            chain: Vec::new(),
        }),
        VerificationMaterialContent::X509CertificateChain { certificates } => {
            let mut ders = certificates
                .iter()
                .map(|certificate| certificate.raw_bytes.as_bytes().to_vec());
            let leaf = ders
                .next()
                .ok_or_else(|| damaged("the bundle's certificate chain is empty"))?;
            Ok(Material::Certificate {
                leaf,
                chain: ders.collect(),
            })
        }
        _ => Err(damaged("the bundle names neither a key nor a certificate")),
    }
}
