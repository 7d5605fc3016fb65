//! A signature as the judges see it, whatever form it was stored in.

use bytes::Bytes;
use sigstore_types::Bundle;

use crate::{SimpleSigning, Statement, verdict::Rejection};

/// A signature: what was signed, by what, and what else vouches for it.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// What its maker can be known by.
    pub(crate) material: Material,
    /// What was signed.
    pub(crate) signed: Signed,
    /// The signature's bytes.
    pub(crate) bytes: Vec<u8>,
    /// The same as a bundle, with log entries and time stamps.
    pub(crate) bundle: Bundle,
    /// Why its log entries could not be read; the bundle then has none.
    pub(crate) log_problem: Option<Rejection>,
}

/// What a signature's maker can be known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// A key that is known elsewhere; the hint says which, in whatever way its maker likes, or is empty.
    Key { hint: String },
    /// A certificate, and what the signer brought along to lead from it to a root. In DER.
    Certificate { leaf: Vec<u8>, chain: Vec<Vec<u8>> },
}

/// What was signed.
#[derive(Debug, Clone)]
pub(crate) enum Signed {
    /// A payload of simple signing, and what it says.
    Simple {
        payload: Bytes,
        said: Result<SimpleSigning, String>,
    },
    /// An in-toto statement in a DSSE envelope: the bytes that were signed, and what they say.
    Statement {
        pae: Vec<u8>,
        said: Result<Statement, String>,
    },
    /// The artifact's own bytes, which need not be at hand: its digest is known.
    Artifact { bytes: Option<Bytes> },
}

impl Signature {
    /// What it says, for statements that can be read.
    pub(crate) fn statement(&self) -> Option<&Statement> {
        match &self.signed {
            Signed::Statement { said, .. } => said.as_ref().ok(),
            Signed::Simple { .. } | Signed::Artifact { .. } => None,
        }
    }

    /// How many log entries come with it, or why they cannot be read.
    pub(crate) fn log_entries(&self) -> Result<usize, Rejection> {
        match &self.log_problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.bundle.verification_material.tlog_entries.len()),
        }
    }
}
