//! What exactly a signature covers.

use sigstore_types::{Artifact, ArtifactDigest, HashAlgorithm, SignatureContent};
use transship_oci::{Algorithm, Digest};

use crate::{
    Key, Outcome,
    evidence::{Signature, Signed},
    verdict::Rejection,
};

/// Is the signature by `key`, over what it is said to cover?
///
/// That is the payload of simple signing, the pre-authentication encoding of an envelope, or the artifact itself, which may be known by
/// its digest alone.
pub(super) fn is_by(key: &Key, signature: &Signature, subject: &Digest) -> bool {
    match &signature.signed {
        Signed::Simple { payload, .. } => key.made(payload, &signature.bytes),
        Signed::Statement { pae, .. } => key.made(pae, &signature.bytes),
        Signed::Artifact { bytes: Some(bytes) } => key.made(bytes, &signature.bytes),
        Signed::Artifact { bytes: None } => key.made_digest(subject, &signature.bytes),
    }
}

/// Does it say that it is about `subject`? What simple signing says is strict JSON of its own: the demand looks at that.
pub(super) fn is_about(signature: &Signature, subject: &Digest) -> Result<(), Rejection> {
    let is_about = match (&signature.signed, &signature.bundle.content) {
        (Signed::Statement { said: Ok(said), .. }, _) => said.about(subject).is_some(),
        (Signed::Artifact { .. }, SignatureContent::MessageSignature(message)) => message
            .message_digest
            .as_ref()
            .is_none_or(|digest| digest.digest.as_bytes() == subject.raw()),
        _ => true,
    };
    if is_about {
        return Ok(());
    }
    let why = format!("it was made for something else than {subject}");
    Err((Outcome::SubjectMismatch, why))
}

/// What the library is to compare the bundle with; `None` for a digest that it does not know.
pub(super) fn artifact<'a>(signature: &'a Signature, subject: &Digest) -> Option<Artifact<'a>> {
    match &signature.signed {
        Signed::Simple { payload, .. } => Some(Artifact::Blob(payload)),
        Signed::Artifact { bytes: Some(bytes) } => Some(Artifact::Blob(bytes)),
        Signed::Statement { .. } | Signed::Artifact { bytes: None } => {
            digest(subject).map(Artifact::Digest)
        }
    }
}

fn digest(subject: &Digest) -> Option<ArtifactDigest> {
    let algorithm = match subject.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(algorithm, subject.raw()).ok()
}
