//! Signatures for the samples, made the way cosign makes them; one of them is tampered with afterwards.

use std::collections::BTreeMap;

use serde_json::Value;
use transship_oci::{Digest, Error, ErrorKind, RawManifest, Repository, Result, Sink};
use transship_trust::sign::{LegacySignature, PrivateKey, Signed, publish, sign_legacy};

/// Signs `subject`, and puts the signature under the tag that belongs to its digest.
pub(super) async fn sign(
    key: &PrivateKey,
    subject: Digest,
    at: &Repository,
    sink: &dyn Sink,
) -> Result<()> {
    let signed = signature(key, subject, at)?;
    publish(&signed, sink).await.map(drop)
}

/// The same, with one letter of the signature turned over on the way.
pub(super) async fn tamper(
    key: &PrivateKey,
    subject: Digest,
    at: &Repository,
    sink: &dyn Sink,
) -> Result<()> {
    let mut signed = signature(key, subject, at)?;
    signed.manifest = turned(&signed.manifest)?;
    publish(&signed, sink).await.map(drop)
}

fn signature(key: &PrivateKey, subject: Digest, at: &Repository) -> Result<Signed> {
    let said = LegacySignature {
        subject,
        name: at,
        annotations: &BTreeMap::new(),
    };
    sign_legacy(key, &said, None)
}

fn turned(manifest: &RawManifest) -> Result<RawManifest> {
    const SIGNATURE: &str = "/layers/0/annotations/dev.cosignproject.cosign~1signature";
    /// Within the numbers that a signature is made of, whatever their lengths.
    const PLACE: usize = 20;
    let strange = || Error::new(ErrorKind::Internal, "the sample signature has another form");
    let mut document: Value = serde_json::from_slice(manifest.bytes()).map_err(|_| strange())?;
    let signature = document.pointer_mut(SIGNATURE).ok_or_else(strange)?;
    let text = signature.as_str().ok_or_else(strange)?;
    let turned = text.chars().enumerate().map(|(at, letter)| match letter {
        'A' if at == PLACE => 'B',
        _ if at == PLACE => 'A',
        other => other,
    });
    *signature = Value::String(turned.collect());
    RawManifest::named(manifest.media_type(), document.to_string().into())
}
