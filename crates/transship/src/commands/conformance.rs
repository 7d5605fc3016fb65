//! `conformance verify-bundle`

use std::path::Path;

use transship_oci::{Digest, Error, ErrorKind, Result};
use transship_trust::conformance::{ExpectedSigner, SignedArtifact, VerifyBundle as Question};

use crate::{app::App, args::VerifyBundle, exit::Exit, files, output};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 128 << 20;

pub(super) fn verify_bundle(app: &App, args: &VerifyBundle) -> Result<Exit> {
    let read = |path: &Path| files::read(path, MAX_FILE);
    let key = args
        .key
        .as_deref()
        .map(|path| files::read_text(path, MAX_FILE));
    let key = key.transpose()?;
    let identity = args.certificate_identity.as_deref();
    let signer = match (&key, identity, &args.certificate_oidc_issuer) {
        (Some(key), ..) => ExpectedSigner::Key(key),
        (None, Some(identity), Some(issuer)) => ExpectedSigner::Identity { identity, issuer },
        _ => {
            return Err(Error::new(
                ErrorKind::Invalid,
                "nobody is named who must have signed",
            ));
        }
    };
    let root = args.trusted_root.as_deref().map(read).transpose()?;
    // A file of that name comes first, as the suite has it.
    let digest = args
        .artifact
        .to_str()
        .and_then(|text| text.parse::<Digest>().ok());
    let digest = digest.filter(|_| !args.artifact.exists());
    let bytes = match digest {
        Some(_) => Vec::new(),
        None => read(&args.artifact)?,
    };
    let question = Question {
        bundle: &read(&args.bundle)?,
        signer,
        trusted_root: root.as_deref(),
        staging: args.staging,
        artifact: digest.map_or(SignedArtifact::Bytes(&bytes), SignedArtifact::Digest),
    };
    let finding = question.answer(app.now())?;
    output::json(&finding)?;
    match finding.outcome.class().error_kind() {
        None => Ok(Exit::Done),
        Some(kind) => Err(Error::new(kind, finding.detail)),
    }
}
