//! The payload of simple signing, as cosign writes it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What cosign puts in `critical.type`.
const TYPE: &str = "cosign container image signature";

/// A payload: which artifact is meant, under which name, and with which annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleSigning {
    /// The name that was signed along.
    pub reference: String,
    /// The digest of the manifest that is meant.
    pub digest: String,
    /// The signer's annotations.
    pub annotations: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    critical: Critical,
    #[serde(default)]
    optional: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

impl SimpleSigning {
    /// Reads a payload strictly: what is critical must be understood, so an unknown or repeated field there is refused.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(payload: &[u8]) -> Result<Self, String> {
        let payload: Payload = serde_json::from_slice(payload)
            .map_err(|cause| format!("the payload is no simple signing: {cause}"))?;
        let critical = payload.critical;
        if critical.r#type != TYPE {
            let found: String = critical.r#type.chars().take(80).collect();
            return Err(format!("the payload is of type {found:?}, not {TYPE:?}"));
        }
        Ok(Self {
            reference: critical.identity.reference,
            digest: critical.image.digest,
            annotations: payload.optional.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
