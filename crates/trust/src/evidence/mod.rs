//! Evidence: what lies beside an artifact and speaks of it, in every form in which it is stored.
//!
//! ```text
//! find ──► locate (manifest → which layers are evidence) ──► load (bytes, capped and hashed) ──► Evidence
//!                                                                legacy · bundle · local: parsers of bytes
//! ```
//! What a referrer is, its own manifest says; the listing's `artifactType` is not asked, because registries and clients
//! write it wrongly.

mod bundle;
mod find;
mod legacy;
mod local;
mod signature;
mod simple;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use transship_oci::Digest;

pub use find::{Found, Limits, Located, find, load, locate};
pub(crate) use signature::{Material, Signature, Signed};
pub use simple::SimpleSigning;

use crate::{Outcome, verdict::Rejection};

/// How a piece of evidence is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// cosign's first form, under a tag such as `sha256-<hex>.sig`.
    LegacyTag,
    /// The same layers in a manifest with a subject (cosign's experiment with OCI 1.1).
    LegacyReferrer,
    /// A Sigstore bundle, v0.1 to v0.3.
    Bundle,
    /// Notary Project.
    Notation,
    /// `OpenPGP`, "simple signing" as `containers/image` stores it.
    OpenPgp,
}

impl Form {
    /// Stable name for machines; the same as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LegacyTag => "legacy-tag",
            Self::LegacyReferrer => "legacy-referrer",
            Self::Bundle => "bundle",
            Self::Notation => "notation",
            Self::OpenPgp => "open-pgp",
        }
    }
}

/// One piece of evidence, read and ready to be judged.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The artifact that it lies beside. What it speaks of is for the judge to see.
    pub subject: Digest,
    /// The manifest that carries it, where it lies in a repository.
    pub manifest: Option<Digest>,
    /// The blob that it is.
    pub blob: Option<Digest>,
    /// How it is stored.
    pub form: Form,
    pub(crate) content: Content,
}

/// What was in it.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A signature.
    Signature(Box<Signature>),
    /// Something that cannot be judged, and why.
    Unreadable { outcome: Outcome, why: String },
}

impl Evidence {
    /// A signature in cosign's first form: the payload, and the annotations of its layer.
    pub fn simple(subject: Digest, payload: Bytes, annotations: &BTreeMap<String, String>) -> Self {
        Self::of(
            subject,
            Form::LegacyTag,
            legacy::signature(payload, annotations),
        )
    }

    /// An attestation in cosign's first form: the DSSE envelope, and the annotations of its layer.
    pub fn envelope(
        subject: Digest,
        envelope: &[u8],
        annotations: &BTreeMap<String, String>,
    ) -> Self {
        Self::of(
            subject,
            Form::LegacyTag,
            legacy::attestation(envelope, annotations),
        )
    }

    /// A Sigstore bundle.
    pub fn bundle(subject: Digest, json: &[u8]) -> Self {
        Self::of(subject, Form::Bundle, bundle::parse(json))
    }

    /// A Sigstore bundle for an artifact that is at hand: some signatures (Ed25519 without an envelope) can be checked against
    /// the bytes only.
    pub fn bundle_for(artifact: Bytes, json: &[u8]) -> Self {
        let mut evidence = Self::bundle(Digest::sha256(&artifact), json);
        if let Content::Signature(signature) = &mut evidence.content
            && let Signed::Artifact { bytes } = &mut signature.signed
        {
            *bytes = Some(artifact);
        }
        evidence
    }

    /// A signature file of a `dir:` folder, as `containers/image` writes it; `None` for an attachment of another kind.
    pub fn local(subject: Digest, file: &[u8]) -> Option<Self> {
        local::read(subject, file)
    }

    /// Something that is evidence and cannot be judged.
    pub(crate) fn unreadable(
        subject: Digest,
        form: Form,
        outcome: Outcome,
        why: impl Into<String>,
    ) -> Self {
        let why = why.into();
        Self {
            subject,
            manifest: None,
            blob: None,
            form,
            content: Content::Unreadable { outcome, why },
        }
    }

    fn of(subject: Digest, form: Form, read: Result<Signature, Rejection>) -> Self {
        let content = match read {
            Ok(signature) => Content::Signature(Box::new(signature)),
            Err((outcome, why)) => Content::Unreadable { outcome, why },
        };
        Self {
            subject,
            manifest: None,
            blob: None,
            form,
            content,
        }
    }

    /// The predicate type, for statements.
    pub fn predicate_type(&self) -> Option<&str> {
        self.statement()
            .map(|statement| statement.predicate_type.as_str())
    }

    /// What it says, for statements. That it says so proves nothing.
    pub fn statement(&self) -> Option<&crate::Statement> {
        match &self.content {
            Content::Signature(signature) => signature.statement(),
            Content::Unreadable { .. } => None,
        }
    }
}

/// What breaks the rules of its own form: not even its maker can be told from it.
fn damaged(why: impl Into<String>) -> Rejection {
    (Outcome::BadSignature, why.into())
}

#[cfg(test)]
mod tests;
