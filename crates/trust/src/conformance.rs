//! The question that the sigstore-conformance suite asks of a client: does this bundle hold for this artifact?
//!
//! Unlike everything else here it is about files, not images, and it does not police what an attestation says.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use transship_oci::{Digest, Result};

use crate::{
    AttestationDemand, Demand, Evidence, Finding, Identity, Judge, Key, KeySigner, KeylessSigner,
    Pattern, Signer, Subject, Tlog, TrustRoot,
};

/// One question, as `verify-bundle` of the suite's command line puts it.
#[derive(Debug, Clone)]
pub struct VerifyBundle<'a> {
    /// The bundle.
    pub bundle: &'a [u8],
    /// Who must have signed.
    pub signer: ExpectedSigner<'a>,
    /// The trust root; `None` for that of Sigstore's public instance.
    pub trusted_root: Option<&'a [u8]>,
    /// Take the root of Sigstore's staging instance where none is given.
    pub staging: bool,
    /// What was signed.
    pub artifact: SignedArtifact<'a>,
}

/// Who must have signed.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedSigner<'a> {
    /// The holder of this key, in PEM.
    Key(&'a str),
    /// This identity, vouched for by this issuer.
    Identity {
        /// The subject alternative name.
        identity: &'a str,
        /// The OIDC issuer.
        issuer: &'a str,
    },
}

/// What was signed.
#[derive(Debug, Clone, Copy)]
pub enum SignedArtifact<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Something of this digest.
    Digest(Digest),
}

impl VerifyBundle<'_> {
    /// Answers it.
    ///
    /// # Errors
    /// `Invalid` when the key or the trust root cannot be used.
    pub fn answer(&self, now: Timestamp) -> Result<Finding> {
        let root = match self.trusted_root {
            Some(json) => TrustRoot::from_json(json)?,
            None if self.staging => TrustRoot::staging()?,
            None => TrustRoot::public_good()?,
        };
        let judge = Judge::new(now).with_root(Arc::new(root));
        let evidence = match self.artifact {
            SignedArtifact::Bytes(bytes) => {
                Evidence::bundle_for(Bytes::copy_from_slice(bytes), self.bundle)
            }
            SignedArtifact::Digest(digest) => Evidence::bundle(digest, self.bundle),
        };
        let demand = match evidence.predicate_type() {
            Some(kind) => Demand::Attestation(AttestationDemand {
                predicate_types: vec![kind.to_owned()],
                conditions: Vec::new(),
            }),
            None => Demand::signature(),
        };
        Ok(judge.judge(&evidence, &self.signer()?, &demand))
    }

    fn signer(&self) -> Result<Signer> {
        Ok(match self.signer {
            ExpectedSigner::Key(pem) => Signer::Key(KeySigner {
                keys: Key::from_pem(pem)?,
                tlog: Tlog::Required,
                root: None,
            }),
            ExpectedSigner::Identity { identity, issuer } => Signer::Keyless(KeylessSigner {
                identities: vec![Identity {
                    subject: Subject::any(Pattern::exact(identity)),
                    issuer: Pattern::exact(issuer),
                    claims: std::collections::BTreeMap::new(),
                }],
                tlog: Tlog::Required,
                sct: true,
                root: None,
            }),
        })
    }
}
