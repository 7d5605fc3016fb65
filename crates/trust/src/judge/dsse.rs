//! What exactly a signature covers.

use sigstore_types::{Artifact, ArtifactDigest, HashAlgorithm};
use transship_oci::{Algorithm, Digest};

use crate::{
    Key,
    evidence::{Signature, Signed},
};

/// Is the signature by `key`, over what it is said to cover?
///
/// That is the payload of simple signing, the pre-authentication encoding of an envelope, or the artifact itself, known by
/// its digest alone.
pub(super) fn is_by(key: &Key, signature: &Signature, subject: &Digest) -> bool {
    match &signature.signed {
        Signed::Simple { payload, .. } => key.made(payload, &signature.bytes),
        Signed::Statement { pae, .. } => key.made(pae, &signature.bytes),
        Signed::Artifact => key.made_digest(subject, &signature.bytes),
    }
}

/// What the library is to compare the bundle with; `None` for a digest that it does not know.
pub(super) fn artifact<'a>(signature: &'a Signature, subject: &Digest) -> Option<Artifact<'a>> {
    match &signature.signed {
        Signed::Simple { payload, .. } => Some(Artifact::Blob(payload)),
        Signed::Statement { .. } | Signed::Artifact => digest(subject).map(Artifact::Digest),
    }
}

fn digest(subject: &Digest) -> Option<ArtifactDigest> {
    let algorithm = match subject.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(algorithm, subject.raw()).ok()
}
