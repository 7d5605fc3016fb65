//! cosign's first form: the payload is a layer, everything else is in the layer's annotations.
//!
//! Both kinds are rewritten as a bundle of version 0.1, which has the same content: one way of judging for all forms.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use transship_oci::Digest;

use super::{Signature, Signed, SimpleSigning, bundle, damaged};
use crate::{Outcome, authorities::certificates_from_pem, storage::SIGNATURE, verdict::Rejection};

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
pub(super) fn signature(payload: Bytes, annotations: &Annotations) -> Result<Signature, Rejection> {
    let base64 = annotations
        .get(SIGNATURE)
        .map(|signature| one_line(signature))
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| damaged(format!("there is no annotation {SIGNATURE}")))?;
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
pub(super) fn attestation(
    envelope: &[u8],
    annotations: &Annotations,
) -> Result<Signature, Rejection> {
    let envelope: Value = serde_json::from_slice(envelope)
        .map_err(|cause| damaged(format!("the envelope cannot be read: {cause}")))?;
    rewritten(json!({ "dsseEnvelope": envelope }), annotations)
}

/// The bundle that says the same as content and annotations.
fn rewritten(content: Value, annotations: &Annotations) -> Result<Signature, Rejection> {
    let mut material = material(annotations)?;
    let mut log_problem = None;
    if let Some(log) = annotations.get(LOG).filter(|log| !log.is_empty()) {
        match log_entry(log) {
            Ok(entry) => material["tlogEntries"] = json!([entry]),
            Err(problem) => log_problem = Some(problem),
        }
    }
    if let Some(stamp) = annotations.get(TIMESTAMP).filter(|stamp| !stamp.is_empty()) {
        material["timestampVerificationData"] =
            json!({"rfc3161Timestamps": [{"signedTimestamp": timestamp(stamp)?}]});
    }
    let mut whole = content;
    whole["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    whole["verificationMaterial"] = material;
    let mut signature = bundle::read(&whole.to_string())?;
    signature.log_problem = log_problem.or(signature.log_problem);
    Ok(signature)
}

fn material(annotations: &Annotations) -> Result<Value, Rejection> {
    let read = |name: &str| -> Result<Vec<Vec<u8>>, Rejection> {
        annotations.get(name).map_or(Ok(Vec::new()), |pem| {
            certificates_from_pem(pem, MAX_CHAIN)
                .map_err(|cause| damaged(format!("annotation {name}: {}", cause.message())))
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
fn log_entry(annotation: &str) -> Result<Value, Rejection> {
    let bad = |why: &str| (Outcome::LogEntry, why.to_owned());
    let log: LogBundle = serde_json::from_str(annotation)
        .map_err(|cause| bad(&format!("annotation {LOG} cannot be read: {cause}")))?;
    let payload = log.payload;
    let body = one_line(&payload.body);
    let bytes = STANDARD
        .decode(&body)
        .map_err(|_| bad("the log entry's body cannot be read"))?;
    let entry: EntryKind =
        serde_json::from_slice(&bytes).map_err(|_| bad("the log entry's body cannot be read"))?;
    let log_id: Digest = format!("sha256:{}", payload.log_id)
        .parse()
        .map_err(|_| bad("the log's id cannot be read"))?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": {"keyId": STANDARD.encode(log_id.raw())},
        "kindVersion": {"kind": entry.kind, "version": entry.api_version},
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": one_line(&log.signed_entry_timestamp)},
        "canonicalizedBody": body,
    }))
}

/// Base64 that other tools wrote with line breaks, which Go reads over.
fn one_line(base64: &str) -> String {
    base64
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect()
}

fn timestamp(annotation: &str) -> Result<String, Rejection> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Stamp {
        #[serde(rename = "SignedRFC3161Timestamp")]
        signed: String,
    }
    serde_json::from_str(annotation)
        .map(|stamp: Stamp| one_line(&stamp.signed))
        .map_err(|cause| damaged(format!("annotation {TIMESTAMP} cannot be read: {cause}")))
}
