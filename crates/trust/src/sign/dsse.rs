//! DSSE: what is signed is the type and the content together (secure-systems-lab/dsse, protocol.md).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use transship_oci::Result;

use super::{PrivateKey, key_file::internal};
use crate::{IN_TOTO, Statement};

/// An envelope as Sigstore's bundles have it: one signature, and nothing that names the key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    payload: String,
    payload_type: &'static str,
    signatures: [Sig; 1],
}

/// The same as cosign 2 writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyEnvelope {
    payload_type: &'static str,
    payload: String,
    signatures: [LegacySig; 1],
}

#[derive(Serialize)]
struct Sig {
    sig: String,
}

#[derive(Serialize)]
struct LegacySig {
    keyid: &'static str,
    sig: String,
}

/// Signs a statement.
pub(super) fn envelope(key: &PrivateKey, statement: &Statement) -> Result<Envelope> {
    let payload = payload(statement)?;
    Ok(Envelope {
        payload_type: IN_TOTO,
        signatures: [Sig {
            sig: sig(key, &payload)?,
        }],
        payload: STANDARD.encode(payload),
    })
}

/// Signs a statement.
pub(super) fn legacy_envelope(key: &PrivateKey, statement: &Statement) -> Result<LegacyEnvelope> {
    let payload = payload(statement)?;
    Ok(LegacyEnvelope {
        payload_type: IN_TOTO,
        signatures: [LegacySig {
            keyid: "",
            sig: sig(key, &payload)?,
        }],
        payload: STANDARD.encode(payload),
    })
}

fn payload(statement: &Statement) -> Result<Vec<u8>> {
    serde_json::to_vec(statement).map_err(|_| internal("the statement cannot be written"))
}

fn sig(key: &PrivateKey, payload: &[u8]) -> Result<String> {
    Ok(STANDARD.encode(key.sign(&pre_authentication(payload))?))
}

/// The pre-authentication encoding.
fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {IN_TOTO} {} ", IN_TOTO.len(), payload.len());
    [head.as_bytes(), payload].concat()
}
