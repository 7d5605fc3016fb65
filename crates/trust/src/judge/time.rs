//! When was it signed? Time stamps by a trusted stamper (RFC 3161).

use jiff::Timestamp;
use sigstore_types::SignatureBytes;
use sigstore_verify::tsa::verify_timestamp_for_authority;

use crate::{Outcome, TrustRoot, evidence::Signature, verdict::Rejection};

/// The times that stamps in the evidence prove; empty when there are none.
///
/// A stamp that does not hold is not passed over: it is there because somebody relied on it.
pub(super) fn stamped(
    signature: &Signature,
    root: &TrustRoot,
) -> Result<Vec<Timestamp>, Rejection> {
    let stamps = &signature
        .bundle
        .verification_material
        .timestamp_verification_data
        .rfc3161_timestamps;
    let covered = SignatureBytes::new(signature.bytes.clone());
    stamps
        .iter()
        .map(|stamp| {
            root.stampers()
                .iter()
                .find_map(|stamper| {
                    verify_timestamp_for_authority(&stamp.signed_timestamp, &covered, stamper).ok()
                })
                .and_then(|time| Timestamp::from_second(time.as_second()).ok())
                .ok_or_else(|| {
                    let why = "a time stamp does not hold, or its stamper is not trusted";
                    (Outcome::NoTrustedTime, why.to_owned())
                })
        })
        .collect()
}
