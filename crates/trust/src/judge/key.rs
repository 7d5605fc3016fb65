//! Signatures by a key.

use transship_oci::Digest;

use super::{Judge, Opinion, covered, sigstore::Verify as _};
use crate::{
    Claim, Key, KeySigner, Outcome, Proof, SignedBy, Tlog,
    evidence::{Material, Signature},
    verdict::Rejection,
};

/// Judges a signature by the keys that are asked for.
pub(super) fn judge(
    judge: &Judge,
    subject: &Digest,
    signature: &Signature,
    wanted: &KeySigner,
) -> Opinion {
    let made = wanted
        .keys
        .iter()
        .find(|key| covered::is_by(key, signature, subject));
    let Some(key) = made else {
        return stranger(signature, wanted);
    };
    let by = SignedBy {
        key: Some(key.fingerprint()),
        ..SignedBy::default()
    };
    let opinion = match log(judge, subject, signature, wanted, key) {
        Ok((proof, detail)) => Opinion {
            proof,
            ..Opinion::new(Outcome::Accepted, Claim::Asked, detail)
        },
        Err((outcome, why)) => Opinion::new(outcome, Claim::Asked, why),
    };
    opinion.by(by)
}

/// The signature is good; is the log as it was asked for?
fn log(
    judge: &Judge,
    subject: &Digest,
    signature: &Signature,
    wanted: &KeySigner,
    key: &Key,
) -> Result<(Proof, String), Rejection> {
    let unlogged = |detail: &str| Ok((Proof::default(), detail.to_owned()));
    if wanted.tlog == Tlog::Ignore {
        return unlogged("the key made it; the log was not asked for");
    }
    let entries = signature.log_entries()?;
    let verified = || {
        let root = judge.root_for(wanted.root.as_ref())?;
        let proof = root.by_key(signature, subject, key)?;
        Ok((
            proof,
            "the key made it, and the log has an entry for it".to_owned(),
        ))
    };
    match wanted.tlog {
        Tlog::Required if entries == 0 => Err((
            Outcome::NoLogEntry,
            "it has no entry of a transparency log, and one is required".to_owned(),
        )),
        Tlog::Optional if entries == 0 => unlogged("the key made it; it was not logged"),
        Tlog::Optional if wanted.root.is_none() && judge.root().is_none() => {
            unlogged("the key made it; its log entry was not looked at, for want of a trust root")
        }
        _ => verified(),
    }
}

/// None of the keys made it. Whose does it say it is?
fn stranger(signature: &Signature, wanted: &KeySigner) -> Opinion {
    let alarm = |key: &Key, how: &str| {
        let why =
            format!("{how}, but the signature does not fit: it or what it covers was changed");
        Opinion::new(Outcome::BadSignature, Claim::Asked, why).by(SignedBy {
            key: Some(key.fingerprint()),
            ..SignedBy::default()
        })
    };
    let Material::Key { hint } = &signature.material else {
        let why = "it was made with a certificate, and a key is asked for";
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why);
    };
    if let Some(key) = wanted.keys.iter().find(|key| is_hint_of(key, hint)) {
        return alarm(key, "its hint names a key that is asked for");
    }
    if let Some(key) = wanted.keys.iter().find(|key| is_logged(signature, key)) {
        return alarm(key, "its log entry names a key that is asked for");
    }
    if hint.is_empty() && signature.log_entries() == Ok(0) {
        let why = "none of the keys made it: it is another's, or it or what it covers was changed";
        return Opinion::new(Outcome::BadSignature, Claim::Unknown, why);
    }
    let why = "it was made with another key than those asked for";
    Opinion::new(Outcome::UntrustedSigner, Claim::Another, why)
}

/// Does the hint of a bundle name the key? cosign and sigstore-go write the SPKI's SHA-256 in base64; others write hex.
fn is_hint_of(key: &Key, hint: &str) -> bool {
    !hint.is_empty() && (hint == key.hint() || hint.eq_ignore_ascii_case(&key.fingerprint()))
}

/// Does an entry of the log name the key? Rekor's entries hold it as PEM in base64, or as DER in base64 (Rekor v2): its
/// DER in base64 is found in either once the outer layer is gone.
fn is_logged(signature: &Signature, key: &Key) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let der = STANDARD.encode(key.spki());
    signature
        .bundle
        .verification_material
        .tlog_entries
        .iter()
        .any(|entry| {
            let body = String::from_utf8_lossy(entry.canonicalized_body.as_bytes()).into_owned();
            body.contains(&der)
                || body.split('"').any(|text| {
                    STANDARD.decode(text).is_ok_and(|inner| {
                        let inner: String = String::from_utf8_lossy(&inner)
                            .split_ascii_whitespace()
                            .collect();
                        inner.contains(&der)
                    })
                })
        })
}
