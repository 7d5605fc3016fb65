//! Signers by the names that a policy gives them, and which of them must have signed.

use std::{fmt, sync::Arc};

use crate::Signer;

/// Who must have signed.
#[derive(Debug, Clone)]
pub enum Signers {
    /// This one.
    One {
        /// What the policy calls it.
        name: String,
        /// Who it is.
        signer: Arc<Signer>,
    },
    /// One whose signatures cannot be judged by this version.
    Unsupported {
        /// What the policy calls it.
        name: String,
        /// Why not.
        why: String,
    },
    /// One of these.
    AnyOf(Vec<Signers>),
    /// All of these.
    AllOf(Vec<Signers>),
}

impl Signers {
    /// One signer.
    pub fn one(name: impl Into<String>, signer: Signer) -> Self {
        Self::One {
            name: name.into(),
            signer: Arc::new(signer),
        }
    }

    /// Every signer in it.
    pub(crate) fn each(&self) -> Vec<(&str, Option<&Signer>)> {
        match self {
            Self::One { name, signer } => vec![(name, Some(signer))],
            Self::Unsupported { name, .. } => vec![(name, None)],
            Self::AnyOf(all) | Self::AllOf(all) => all.iter().flat_map(Self::each).collect(),
        }
    }
}

impl fmt::Display for Signers {
    /// `vendor`, `vendor or (ci and release)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, word) = match self {
            Self::One { name, .. } | Self::Unsupported { name, .. } => return f.write_str(name),
            Self::AnyOf(all) => (all, " or "),
            Self::AllOf(all) => (all, " and "),
        };
        for (n, one) in all.iter().enumerate() {
            if n > 0 {
                f.write_str(word)?;
            }
            match one {
                Self::AnyOf(inner) | Self::AllOf(inner) if inner.len() > 1 => write!(f, "({one})")?,
                _ => write!(f, "{one}")?,
            }
        }
        Ok(())
    }
}
