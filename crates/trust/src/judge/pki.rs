//! Signatures with a certificate of a private authority.

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName};
use transship_oci::Digest;
use webpki::EndEntityCert;

use super::{Judge, Opinion, chain::leads_to_root, claims::Names, covered, time};
use crate::{
    Claim, Outcome, PkiSigner, Proof, Subject, SubjectKind,
    evidence::{Material, Signature},
    verdict::Rejection,
};

/// Judges a signature by a private authority's subjects.
pub(super) fn judge(
    judge: &Judge,
    subject: &Digest,
    signature: &Signature,
    wanted: &PkiSigner,
) -> Opinion {
    let Material::Certificate { leaf, chain } = &signature.material else {
        let why = "it was made with a key, and a certificate is asked for";
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why);
    };
    let names = match Names::of(leaf) {
        Ok(names) => names,
        Err(why) => return Opinion::new(Outcome::UnsupportedFormat, Claim::Unknown, why),
    };
    let by = names.signed_by();
    if let Some(missing) = wanted
        .subjects
        .iter()
        .find(|subject| !bears(&names, leaf, subject))
    {
        let why = format!("it is by {names}; {} is asked for", missing.value);
        return Opinion::new(Outcome::UntrustedSigner, Claim::Another, why).by(by);
    }
    let held = times(judge, signature, wanted).and_then(|times| {
        for at in &times {
            leads_to_root(leaf, chain, &wanted.authorities, *at)?;
        }
        Ok(times)
    });
    let opinion = match held {
        // Anybody can write any name into a certificate of his own.
        Err((Outcome::UntrustedSigner, why)) => {
            Opinion::new(Outcome::UntrustedSigner, Claim::Another, why)
        }
        Err((outcome, why)) => Opinion::new(outcome, Claim::Asked, why),
        Ok(_) if !covered::is_by(&names.key, signature, subject) => {
            let why =
                "the signature does not fit its certificate: it or what it covers was changed";
            Opinion::new(Outcome::BadSignature, Claim::Asked, why)
        }
        Ok(times) => Opinion {
            proof: Proof {
                certificate: true,
                times,
                ..Proof::default()
            },
            ..Opinion::new(Outcome::Accepted, Claim::Asked, format!("it is by {names}"))
        },
    };
    opinion.by(by)
}

/// The times at which the certificate must have been valid: those that are stamped, else now.
fn times(
    judge: &Judge,
    signature: &Signature,
    wanted: &PkiSigner,
) -> Result<Vec<Timestamp>, Rejection> {
    let stamped = match judge.root_for(wanted.root.as_ref()) {
        Ok(root) => time::stamped(signature, root)?,
        // Without stampers to trust, a stamp proves nothing and does no harm.
        Err(_) => Vec::new(),
    };
    Ok(if stamped.is_empty() {
        vec![judge.now]
    } else {
        stamped
    })
}

/// Does the certificate bear the subject? Host names match as in TLS, so that `*.example.com` covers `a.example.com`.
fn bears(names: &Names, leaf: &[u8], subject: &Subject) -> bool {
    if names.bear(subject) {
        return true;
    }
    let host = subject
        .value
        .as_exact()
        .filter(|_| subject.kind == Some(SubjectKind::Host))
        .and_then(|host| ServerName::try_from(host).ok());
    let der = CertificateDer::from(leaf);
    match (host, EndEntityCert::try_from(&der)) {
        (Some(host), Ok(certificate)) => {
            certificate.verify_is_valid_for_subject_name(&host).is_ok()
        }
        _ => false,
    }
}
