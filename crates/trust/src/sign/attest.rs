//! Signed statements about an artifact.

use jiff::Timestamp;
use serde_json::Value;
use transship_oci::{Descriptor, RawManifest, Repository, Result};

use super::{
    PrivateKey, Signed,
    bundle::{about, bundle, referrer},
    dsse,
    key_file::{internal, invalid},
    legacy::legacy_tag,
    manifest::Annotations,
    stack::appended,
};
use crate::{
    SIGN, Statement, predicate_type,
    storage::{ENVELOPE, SIGNATURE},
};

/// What is said of an artifact.
#[derive(Debug, Clone)]
pub struct Attestation<'a> {
    /// The artifact.
    pub subject: &'a Descriptor,
    /// The predicate's type: a URI, or cosign's name for one.
    pub predicate_type: &'a str,
    /// What is said.
    pub predicate: Value,
}

impl Attestation<'_> {
    fn statement(self, form: &str, name: &str) -> Result<Statement> {
        let kind = predicate_type(self.predicate_type);
        if kind == SIGN {
            return Err(invalid("a signature is no attestation").hinting("use `transship sign`"));
        }
        if !kind.contains(':') {
            return Err(invalid(format!("{kind:?} is no predicate type")).hinting(
                "write a URI, or one of cosign's names such as slsaprovenance1 or spdxjson",
            ));
        }
        let mut about = about(self.subject.digest);
        name.clone_into(&mut about.name);
        Ok(Statement {
            form: form.to_owned(),
            subject: vec![about],
            predicate_type: kind.to_owned(),
            predicate: self.predicate,
        })
    }
}

/// Attests as cosign 3 does: a bundle beside the subject. `created` is written into the manifest and is not signed.
///
/// # Errors
/// `Invalid` for what is no predicate type; `Internal` when the signature cannot be made.
pub fn attest(key: &PrivateKey, said: Attestation<'_>, created: Timestamp) -> Result<Signed> {
    let subject = said.subject;
    let statement = said.statement("https://in-toto.io/Statement/v1", "")?;
    let bundle = bundle(key, &statement)?;
    referrer(bundle.into(), subject, &statement.predicate_type, created)
}

/// Attests as cosign 2 does: one more layer under the tag `….att`, where `existing` lies now.
///
/// # Errors
/// As [`attest`], and as [`sign_legacy`](super::sign_legacy).
pub fn attest_legacy(
    key: &PrivateKey,
    said: Attestation<'_>,
    name: &Repository,
    existing: Option<&RawManifest>,
) -> Result<Signed> {
    let tag = legacy_tag(&said.subject.digest, "att")?;
    let statement = said.statement("https://in-toto.io/Statement/v0.1", &name.to_string())?;
    let envelope = serde_json::to_vec(&dsse::legacy_envelope(key, &statement)?)
        .map_err(|_| internal("the envelope cannot be written"))?;
    let annotations = Annotations::from([
        (SIGNATURE.to_owned(), String::new()),
        ("predicateType".to_owned(), statement.predicate_type),
    ]);
    appended(existing, ENVELOPE, envelope.into(), annotations, tag)
}

#[cfg(test)]
mod tests;
