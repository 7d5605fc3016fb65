//! The Sigstore library, behind a trait of our own.
//!
//! Its minor versions break monthly and it does more and less than we want: it knows one identity, no predicate types, no key
//! without a log. So it is asked for what it is good at (chains, SCTs, entries, proofs, stamps, and whether they all belong
//! together), and its many errors become our few outcomes here and nowhere else.

use std::borrow::Cow;

use jiff::Timestamp;
use sigstore_types::{
    Bundle, DerPublicKey, PublicKeyIdentifier, bundle::VerificationMaterialContent,
};
use sigstore_verify::{
    CertificateError, Error as VerifyError, Policy, PublicKeyVerificationPolicy,
    TransparencyLogError, VerificationPolicy, VerificationResult, bundle::Error as BundleError,
};
use transship_oci::Digest;

use super::covered;
use crate::{
    Key, Outcome, Proof, TrustRoot,
    evidence::{Material, Signature},
    verdict::Rejection,
};

/// What must be proved along.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strictness {
    /// An entry in the transparency log.
    pub(super) log: bool,
    /// The certificate's own log stamp.
    pub(super) sct: bool,
}

/// Verifies signatures with all that comes with them.
pub(super) trait Verify {
    /// By a certificate, whoever's it is.
    fn by_certificate(
        &self,
        signature: &Signature,
        subject: &Digest,
        strictness: Strictness,
    ) -> Result<Proof, Rejection>;

    /// By a key, with an entry in the log.
    fn by_key(
        &self,
        signature: &Signature,
        subject: &Digest,
        key: &Key,
    ) -> Result<Proof, Rejection>;
}

impl Verify for TrustRoot {
    fn by_certificate(
        &self,
        signature: &Signature,
        subject: &Digest,
        strictness: Strictness,
    ) -> Result<Proof, Rejection> {
        let mut policy = VerificationPolicy::any_identity();
        if !strictness.log {
            policy = policy.skip_tlog_unsafe();
        }
        if !strictness.sct {
            policy = policy.skip_sct();
        }
        verify(self, signature, subject, &signature.bundle, &policy)
    }

    fn by_key(
        &self,
        signature: &Signature,
        subject: &Digest,
        key: &Key,
    ) -> Result<Proof, Rejection> {
        let bundle = match &signature.material {
            Material::Key { .. } => Cow::Borrowed(&signature.bundle),
            // A certificate may lie beside a signature that was made with a plain key; the library takes one or the other.
            Material::Certificate { .. } => {
                let mut bundle = signature.bundle.clone();
                bundle.verification_material.content =
                    VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(key.hint()));
                Cow::Owned(bundle)
            }
        };
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.spki().to_vec()));
        verify(self, signature, subject, &bundle, &policy)
    }
}

fn verify(
    root: &TrustRoot,
    signature: &Signature,
    subject: &Digest,
    bundle: &Bundle,
    policy: &dyn Policy,
) -> Result<Proof, Rejection> {
    covered::is_about(signature, subject)?;
    known_logs(root, bundle)?;
    let artifact = covered::artifact(signature, subject).ok_or_else(|| {
        let why = format!("a signature of {} cannot be checked", subject.algorithm());
        (Outcome::UnsupportedFormat, why)
    })?;
    let verified = root
        .verifier()
        .verify(artifact, bundle, policy)
        .map_err(rejection)?;
    Ok(proof(&verified))
}

fn proof(verified: &VerificationResult) -> Proof {
    // The library has an older jiff: seconds are what both understand.
    let mut times: Vec<Timestamp> = verified
        .verified_timestamps()
        .iter()
        .copied()
        .chain(verified.integrated_time())
        .filter_map(|time| Timestamp::from_second(time.as_second()).ok())
        .collect();
    times.sort_unstable();
    times.dedup();
    Proof {
        certificate: verified.certificate_verified(),
        sct: verified.sct_verified(),
        log: verified.tlog_verified(),
        times,
    }
}

/// An entry of a log that the root does not know is no forgery: the root may be too old for it.
fn known_logs(root: &TrustRoot, bundle: &Bundle) -> Result<(), Rejection> {
    let entries = &bundle.verification_material.tlog_entries;
    match entries
        .iter()
        .find(|entry| !root.knows_log(entry.log_id.key_id.as_bytes()))
    {
        Some(entry) => Err(unknown_log(&entry.log_id.key_id.to_string())),
        None => Ok(()),
    }
}

fn unknown_log(id: &str) -> Rejection {
    let why = format!("the trust root does not know the transparency log {id}");
    (Outcome::TrustRoot, why)
}

/// The library's errors as outcomes.
fn rejection(error: VerifyError) -> Rejection {
    let why = match &error {
        // Its own words for these start with the name of a type.
        VerifyError::Bundle(inner) => inner.to_string(),
        VerifyError::Crypto(inner) => inner.to_string(),
        error => error.to_string(),
    };
    let outcome = match error {
        VerifyError::SignatureInvalid(_) | VerifyError::Crypto(_) => Outcome::BadSignature,
        VerifyError::IdentityMismatch { .. } | VerifyError::IssuerMismatch { .. } => {
            Outcome::UntrustedSigner
        }
        VerifyError::Certificate(error) => certificate(&error),
        VerifyError::TransparencyLog(TransparencyLogError::UnknownLog { log_id }) => {
            return unknown_log(&log_id);
        }
        VerifyError::TransparencyLog(TransparencyLogError::IntegratedTime(_)) => Outcome::Expired,
        // What the signature says was looked at before: on a mismatch it is the entry that speaks of something else.
        VerifyError::TransparencyLog(_) | VerifyError::ArtifactMismatch(_) => Outcome::LogEntry,
        VerifyError::Timestamp(_) => Outcome::NoTrustedTime,
        VerifyError::Bundle(error) => bundle(&error),
        VerifyError::InvalidTrustRoot(_)
        | VerifyError::TrustRoot(_)
        | VerifyError::TrustedCertificate(_) => Outcome::TrustRoot,
        _ => Outcome::UnsupportedFormat,
    };
    (outcome, why)
}

fn certificate(error: &CertificateError) -> Outcome {
    match error {
        CertificateError::NoValidAuthority { .. } => Outcome::TrustRoot,
        CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => Outcome::Expired,
        // It led to an authority when it was made out (see `keyless`): only at the time of signing it does not. The library
        // has no more than this text for it; the conformance cases would tell if that changed.
        CertificateError::ChainInvalid(why)
            if ["CertExpired", "CertNotValidYet"]
                .iter()
                .any(|name| why.contains(name)) =>
        {
            Outcome::Expired
        }
        _ => Outcome::UntrustedSigner,
    }
}

fn bundle(error: &BundleError) -> Outcome {
    match error {
        BundleError::MissingInclusionPromise(_)
        | BundleError::MissingInclusionProof(_)
        | BundleError::MissingCheckpoint
        | BundleError::LogIndexOutOfRange { .. }
        | BundleError::CheckpointRootMismatch => Outcome::LogEntry,
        BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp => {
            Outcome::NoTrustedTime
        }
        _ => Outcome::UnsupportedFormat,
    }
}
