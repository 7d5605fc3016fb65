//! Signatures by an identity, with a short-lived certificate.

use transship_oci::Digest;

use super::{
    Judge, Opinion,
    chain::leads_to_root,
    claims::Names,
    covered,
    sigstore::{Strictness, Verify as _},
};
use crate::{
    Claim, KeylessSigner, Outcome, Proof, Tlog, TrustRoot,
    evidence::{Material, Signature},
    verdict::Rejection,
};

/// Judges a signature by the identities that are asked for.
pub(super) fn judge(
    judge: &Judge,
    subject: &Digest,
    signature: &Signature,
    wanted: &KeylessSigner,
) -> Opinion {
    let Material::Certificate { leaf, chain } = &signature.material else {
        let why = "it was made with a key, and an identity is asked for";
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why);
    };
    let names = match Names::of(leaf) {
        Ok(names) => names,
        Err(why) => return Opinion::new(Outcome::UnsupportedFormat, Claim::Unknown, why),
    };
    let by = names.signed_by();
    if !wanted.identities.iter().any(|identity| names.are(identity)) {
        let why = format!("it is by {names}, who is not among those asked for");
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why).by(by);
    }
    let root = match judge.root_for(wanted.root.as_ref()) {
        Ok(root) => root,
        Err((outcome, why)) => return Opinion::new(outcome, Claim::Asked, why).by(by),
    };
    // Anybody can write any name into a certificate of his own: only what leads to an authority is a claim. Whether it held
    // when it was used, the library sees.
    if let Err((_, why)) = leads_to_root(leaf, chain, root.authorities(), names.not_before) {
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why).by(by);
    }
    let opinion = match held(root, subject, signature, wanted, &names) {
        Ok(proof) => Opinion {
            proof,
            ..Opinion::new(Outcome::Accepted, Claim::Asked, format!("it is by {names}"))
        },
        Err((outcome, why)) => Opinion::new(outcome, Claim::Asked, why),
    };
    opinion.by(by)
}

/// The certificate bears the name; does the signature hold with all that belongs to it?
fn held(
    root: &TrustRoot,
    subject: &Digest,
    signature: &Signature,
    wanted: &KeylessSigner,
    names: &Names,
) -> Result<Proof, Rejection> {
    // Asked first, because it is the plainest: much else fails along when what was signed was changed.
    if !covered::is_by(&names.key, signature, subject) {
        let why = "the signature does not fit its certificate: it or what it covers was changed";
        return Err((Outcome::BadSignature, why.to_owned()));
    }
    let log = match wanted.tlog {
        Tlog::Required => true,
        Tlog::Optional => signature.log_entries()? > 0,
        Tlog::Ignore => false,
    };
    if log && signature.log_entries()? == 0 {
        let why = "it has no entry of a transparency log, and one is required";
        return Err((Outcome::NoLogEntry, why.to_owned()));
    }
    let strictness = Strictness {
        log,
        sct: wanted.sct,
    };
    root.by_certificate(signature, subject, strictness)
}
