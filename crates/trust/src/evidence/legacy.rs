//! cosign's first form: the payload is a layer, everything else is in the layer's annotations.
//!
//! Both kinds are rewritten as a bundle of version 0.1, which has the same content: one way of judging for all forms.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstore_types::Bundle;
use transship_oci::Digest;

use super::{Signature, Signed, SimpleSigning, bundle};
use crate::authorities::certificates_from_pem;

/// Base64 of the signature over the payload.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The signer's certificate, PEM.
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// What leads from it to a root, PEM.
const CHAIN: &str = "dev.sigstore.cosign/chain";
/// The log's entry, JSON.
const LOG: &str = "dev.sigstore.cosign/bundle";
/// A time stamp, JSON.
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// The most certificates in one annotation.
const MAX_CHAIN: usize = 16;

type Annotations = BTreeMap<String, String>;

/// A signature: a payload of simple signing.
pub(super) fn signature(payload: Bytes, annotations: &Annotations) -> Result<Signature, String> {
    let base64 = annotations
        .get(SIGNATURE)
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| format!("there is no annotation {SIGNATURE}"))?;
    let digest = STANDARD.encode(Digest::sha256(&payload).raw());
    let content = json!({"messageSignature": {
        "messageDigest": {"algorithm": "SHA2_256", "digest": digest},
        "signature": base64,
    }});
    let mut signature = rewritten(content, annotations)?;
    signature.signed = Signed::Simple {
        said: SimpleSigning::parse(&payload),
        payload,
    };
    Ok(signature)
}

/// An attestation: a DSSE envelope.
pub(super) fn attestation(envelope: &[u8], annotations: &Annotations) -> Result<Signature, String> {
    let envelope: Value = serde_json::from_slice(envelope)
        .map_err(|cause| format!("the envelope cannot be read: {cause}"))?;
    rewritten(json!({ "dsseEnvelope": envelope }), annotations)
}

/// The bundle that says the same as content and annotations.
fn rewritten(content: Value, annotations: &Annotations) -> Result<Signature, String> {
    let mut material = material(annotations)?;
    if let Some(log) = annotations.get(LOG).filter(|log| !log.is_empty()) {
        material["tlogEntries"] = json!([log_entry(log)?]);
    }
    if let Some(stamp) = annotations.get(TIMESTAMP).filter(|stamp| !stamp.is_empty()) {
        material["timestampVerificationData"] =
            json!({"rfc3161Timestamps": [{"signedTimestamp": timestamp(stamp)?}]});
    }
    let mut whole = content;
    whole["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    whole["verificationMaterial"] = material;
    let whole = Bundle::from_json(&whole.to_string())
        .map_err(|cause| format!("the annotations cannot be read: {cause}"))?;
    bundle::signature(whole)
}

fn material(annotations: &Annotations) -> Result<Value, String> {
    let read = |name: &str| -> Result<Vec<Vec<u8>>, String> {
        annotations.get(name).map_or(Ok(Vec::new()), |pem| {
            certificates_from_pem(pem, MAX_CHAIN)
                .map_err(|cause| format!("annotation {name}: {}", cause.message()))
        })
    };
    let mut certificates = read(CERTIFICATE)?;
    if certificates.is_empty() {
        return Ok(json!({"publicKey": {"hint": ""}}));
    }
    certificates.truncate(1);
    certificates.extend(read(CHAIN)?);
    let certificates: Vec<Value> = certificates
        .iter()
        .map(|der| json!({"rawBytes": STANDARD.encode(der)}))
        .collect();
    Ok(json!({"x509CertificateChain": {"certificates": certificates}}))
}

/// What Rekor answered, as cosign keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LogBundle {
    signed_entry_timestamp: String,
    payload: LogPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogPayload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryKind {
    kind: String,
    api_version: String,
}

/// The log's entry in the form of a bundle.
fn log_entry(annotation: &str) -> Result<Value, String> {
    let log: LogBundle = serde_json::from_str(annotation)
        .map_err(|cause| format!("annotation {LOG} cannot be read: {cause}"))?;
    let payload = log.payload;
    let bad = |what: &str| format!("annotation {LOG}: the {what} cannot be read");
    let body = STANDARD.decode(&payload.body).map_err(|_| bad("entry"))?;
    let entry: EntryKind = serde_json::from_slice(&body).map_err(|_| bad("entry"))?;
    let log_id: Digest = format!("sha256:{}", payload.log_id)
        .parse()
        .map_err(|_| bad("log's id"))?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": {"keyId": STANDARD.encode(log_id.raw())},
        "kindVersion": {"kind": entry.kind, "version": entry.api_version},
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": log.signed_entry_timestamp},
        "canonicalizedBody": payload.body,
    }))
}

fn timestamp(annotation: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Stamp {
        #[serde(rename = "SignedRFC3161Timestamp")]
        signed: String,
    }
    serde_json::from_str(annotation)
        .map(|stamp: Stamp| stamp.signed)
        .map_err(|cause| format!("annotation {TIMESTAMP} cannot be read: {cause}"))
}
