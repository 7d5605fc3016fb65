//! Signers in the words of `policy.json`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::super::{super::Signers, Fulcio, Pki, Requirement, SignedIdentity, SigstoreSigned};
use crate::{
    Key, KeySigner, KeylessSigner, PkiSigner, Signer, Subject, SubjectKind, Tlog, TrustRoot, pem,
};

/// The requirements that all must hold when these signers must have signed.
pub(super) fn requirements(
    by: &Signers,
    identity: &SignedIdentity,
    root: Option<&TrustRoot>,
) -> Result<Vec<Requirement>, String> {
    match by {
        Signers::One { signer, .. } => Ok(vec![requirement(signer, identity, root)?]),
        Signers::Unsupported { name, why } => Err(format!("{name}: {why}")),
        Signers::AllOf(all) => {
            let lists: Result<Vec<_>, _> = all
                .iter()
                .map(|by| requirements(by, identity, root))
                .collect();
            Ok(lists?.concat())
        }
        Signers::AnyOf(all) => {
            let keys =
                any_of_keys(all).ok_or("policy.json has no word for any-of but with keys alone")?;
            Ok(vec![requirement(&Signer::Key(keys), identity, root)?])
        }
    }
}

/// Any of several keys is one signer with all of them, when the same is asked of the log.
fn any_of_keys(all: &[Signers]) -> Option<KeySigner> {
    let mut joined: Option<KeySigner> = None;
    for by in all {
        let Signers::One { signer, .. } = by else {
            return None;
        };
        let Signer::Key(signer) = &**signer else {
            return None;
        };
        match &mut joined {
            None => joined = Some(signer.clone()),
            Some(joined) => {
                let root = |signer: &KeySigner| signer.root.as_ref().map(|root| root.digest());
                if joined.tlog != signer.tlog || root(joined) != root(signer) {
                    return None;
                }
                joined.keys.extend(signer.keys.iter().cloned());
            }
        }
    }
    joined
}

fn requirement(
    signer: &Signer,
    identity: &SignedIdentity,
    root: Option<&TrustRoot>,
) -> Result<Requirement, String> {
    let mut wanted = match signer {
        Signer::Key(key) => self::key(key, key.root.as_deref().or(root))?,
        Signer::Keyless(keyless) => self::keyless(keyless, keyless.root.as_deref().or(root))?,
        Signer::Pki(pki) => self::pki(pki)?,
    };
    wanted.signed_identity = Some(identity.clone());
    Ok(Requirement::SigstoreSigned(Box::new(wanted)))
}

fn key(signer: &KeySigner, root: Option<&TrustRoot>) -> Result<SigstoreSigned, String> {
    let mut wanted = SigstoreSigned::default();
    let mut keys: Vec<String> = signer.keys.iter().map(key_data).collect();
    match keys.len() {
        1 => wanted.key_data = keys.pop(),
        _ => wanted.key_datas = Some(keys),
    }
    if signer.tlog == Tlog::Required {
        logs(root, &mut wanted)?;
    }
    Ok(wanted)
}

fn keyless(signer: &KeylessSigner, root: Option<&TrustRoot>) -> Result<SigstoreSigned, String> {
    let [identity] = signer.identities.as_slice() else {
        return Err("policy.json has no word for several identities".to_owned());
    };
    let subject = &identity.subject;
    let email = subject.value.as_exact().filter(|value| {
        subject.kind.is_none_or(|kind| kind == SubjectKind::Email) && value.contains('@')
    });
    let (Some(email), Some(issuer), true) = (
        email,
        identity.issuer.as_exact(),
        identity.claims.is_empty(),
    ) else {
        return Err(
            "policy.json has words for one mail address and one issuer only, not for patterns, URIs or claims"
                .to_owned(),
        );
    };
    let authorities = root.ok_or("there is no trust root to write")?.authorities();
    let mut wanted = SigstoreSigned {
        fulcio: Some(Fulcio {
            ca_path: None,
            ca_data: Some(certificates(authorities.roots())),
            oidc_issuer: issuer.to_owned(),
            subject_email: email.to_owned(),
        }),
        ..SigstoreSigned::default()
    };
    logs(root, &mut wanted)?;
    Ok(wanted)
}

fn pki(signer: &PkiSigner) -> Result<SigstoreSigned, String> {
    let authorities = &signer.authorities;
    let mut pki = Pki {
        roots_data: Some(certificates(authorities.roots())),
        ..Pki::default()
    };
    if !authorities.intermediates().is_empty() {
        pki.intermediates_data = Some(certificates(authorities.intermediates()));
    }
    for Subject { kind, value } in &signer.subjects {
        let place = match kind {
            Some(SubjectKind::Email) => &mut pki.subject_email,
            Some(SubjectKind::Host) => &mut pki.subject_hostname,
            _ => {
                return Err(
                    "policy.json has no word for subjects but mail addresses and hosts".to_owned(),
                );
            }
        };
        let exact = value.as_exact().map(str::to_owned);
        if exact.is_none() || place.is_some() {
            return Err("policy.json has words for one mail address and one host only".to_owned());
        }
        *place = exact;
    }
    Ok(SigstoreSigned {
        pki: Some(pki),
        ..SigstoreSigned::default()
    })
}

/// The keys of those logs that containers/image can use.
fn logs(root: Option<&TrustRoot>, wanted: &mut SigstoreSigned) -> Result<(), String> {
    let keys = root.map_or(&[][..], TrustRoot::log_keys).iter();
    let mut keys: Vec<String> = keys.filter(|key| key.is_ecdsa()).map(key_data).collect();
    match keys.len() {
        0 => return Err("the log is required, and there is no key of a log to write".to_owned()),
        1 => wanted.rekor_public_key_data = keys.pop(),
        _ => wanted.rekor_public_key_datas = Some(keys),
    }
    Ok(())
}

fn key_data(key: &Key) -> String {
    STANDARD.encode(pem::write("PUBLIC KEY", key.spki()))
}

fn certificates(ders: &[Vec<u8>]) -> String {
    let pems = ders.iter().map(|der| pem::write("CERTIFICATE", der));
    STANDARD.encode(pems.collect::<String>())
}
