//! Signers.

use std::sync::Arc;

use transship_oci::Result;

use super::{
    super::{IdentityFile, KeylessFile, PkiFile, SignerFile, Signers, Words},
    Roots, invalid, text,
};
use crate::{
    Authorities, Identity, Key, KeySigner, KeylessSigner, Pattern, PkiSigner, Signer, Subject,
    SubjectKind, TrustRoot,
};

/// A signer from what the file says.
pub(in crate::policy) fn read(
    name: &str,
    file: &SignerFile,
    roots: &mut Roots<'_>,
) -> Result<Signers> {
    let signer = match (&file.key, &file.keyless, &file.pki, &file.openpgp) {
        (Some(keys), None, None, None) => key(keys, file, roots)?,
        (None, Some(keyless), None, None) => self::keyless(keyless, file, roots)?,
        (None, None, Some(pki), None) => self::pki(pki, file, roots)?,
        (None, None, None, Some(_)) => {
            return Ok(Signers::Unsupported {
                name: name.to_owned(),
                why: "OpenPGP signatures are not supported by this version".to_owned(),
            });
        }
        _ => {
            return Err(invalid(
                "it wants exactly one of key, keyless, pki and openpgp",
            ));
        }
    };
    Ok(Signers::one(name, signer))
}

fn key(keys: &Words, file: &SignerFile, roots: &mut Roots<'_>) -> Result<Signer> {
    Ok(Signer::Key(KeySigner {
        keys: self::keys(keys, roots)?,
        tlog: file.tlog.unwrap_or_default(),
        root: root(file, None, roots)?,
    }))
}

fn keyless(keyless: &KeylessFile, file: &SignerFile, roots: &mut Roots<'_>) -> Result<Signer> {
    if keyless.identities.is_empty() {
        return Err(invalid("it has no identities"));
    }
    let authorities = keyless.authorities.as_deref();
    let authorities = authorities
        .map(|written| Authorities::from_pem(&text(roots.materials, written)?, None))
        .transpose()?;
    if authorities.is_some() && file.log_keys.is_none() {
        return Err(invalid(
            "authorities of its own want log-keys too, which give the time of signing",
        ));
    }
    Ok(Signer::Keyless(KeylessSigner {
        identities: keyless
            .identities
            .iter()
            .map(identity)
            .collect::<Result<_>>()?,
        tlog: file.tlog.unwrap_or_default(),
        sct: keyless.sct.unwrap_or(true),
        root: root(file, authorities.as_ref(), roots)?,
    }))
}

fn pki(pki: &PkiFile, file: &SignerFile, roots: &mut Roots<'_>) -> Result<Signer> {
    if file.tlog.is_some() || file.log_keys.is_some() {
        return Err(invalid(
            "certificates of an authority of its own are not looked up in a log",
        ));
    }
    let anchors = text(roots.materials, &pki.roots)?;
    let between = pki.intermediates.as_deref();
    let between = between
        .map(|written| text(roots.materials, written))
        .transpose()?;
    let subjects = |kind, values: &[String]| {
        let values = values.iter().cloned();
        let subject = move |value: String| Subject {
            kind: Some(kind),
            value: Pattern::exact(value),
        };
        values.map(subject).collect::<Vec<_>>()
    };
    let subjects = [
        subjects(SubjectKind::Email, &pki.emails),
        subjects(SubjectKind::Host, &pki.hosts),
        subjects(SubjectKind::Uri, &pki.uris),
    ]
    .concat();
    if subjects.is_empty() {
        return Err(invalid("it trusts everybody that the authority knows")
            .hinting("write emails, hosts or uris"));
    }
    Ok(Signer::Pki(PkiSigner {
        authorities: Arc::new(Authorities::from_pem(&anchors, between.as_deref())?),
        subjects,
        root: root(file, None, roots)?,
    }))
}

fn keys(words: &Words, roots: &Roots<'_>) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    for written in words.as_slice() {
        keys.extend(Key::from_pem(&text(roots.materials, written)?)?);
    }
    Ok(keys)
}

/// The trust root of its own: one that is named, or one that is made of its parts.
fn root(
    file: &SignerFile,
    authorities: Option<&Authorities>,
    roots: &mut Roots<'_>,
) -> Result<Option<Arc<TrustRoot>>> {
    match (&file.trust_root, &file.log_keys) {
        (None, None) => Ok(None),
        (Some(named), None) => roots.get(named).map(Some),
        (None, Some(words)) => {
            let logs = keys(words, roots)?;
            Ok(Some(Arc::new(TrustRoot::from_parts(authorities, &logs)?)))
        }
        (Some(_), Some(_)) => Err(invalid(
            "it has log-keys and a trust-root: only one can be trusted",
        )),
    }
}

fn identity(file: &IdentityFile) -> Result<Identity> {
    let subject = match (&file.subject, &file.subject_pattern, &file.email) {
        (Some(subject), None, None) => Subject::any(Pattern::exact(subject)),
        (None, Some(pattern), None) => Subject::any(Pattern::expression(pattern)?),
        (None, None, Some(email)) => Subject {
            kind: Some(SubjectKind::Email),
            value: Pattern::exact(email),
        },
        _ => {
            return Err(invalid(
                "an identity wants exactly one of subject, subject-pattern and email",
            ));
        }
    };
    let issuer = match (&file.issuer, &file.issuer_pattern) {
        (Some(issuer), None) => Pattern::exact(issuer),
        (None, Some(pattern)) => Pattern::expression(pattern)?,
        _ => {
            return Err(
                invalid("an identity wants exactly one of issuer and issuer-pattern")
                    .hinting("whoever can name any issuer can name any subject"),
            );
        }
    };
    let exact = file.claims.iter();
    let mut claims: std::collections::BTreeMap<_, _> = exact
        .map(|(claim, value)| (*claim, Pattern::exact(value)))
        .collect();
    for (claim, pattern) in &file.claim_patterns {
        if claims
            .insert(*claim, Pattern::expression(pattern)?)
            .is_some()
        {
            return Err(invalid(
                "a claim is wanted exactly and as a pattern at once",
            ));
        }
    }
    Ok(Identity {
        subject,
        issuer,
        claims,
    })
}
