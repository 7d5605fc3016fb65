//! The policy of podman, skopeo, CRI-O and others: `policy.json`, and `registries.d` beside it.
//!
//! Read as strictly as containers/image reads it (containers-policy.json(5)): what is unknown or said twice refuses the
//! whole file. Its requirements become the clauses of our own rules, so that they are judged in the same place.
//! Differences that are meant:
//!
//! - `signedBy` (`OpenPGP`) answers *cannot check*, and `signedBaseLayer`, which nobody implements, too.
//! - Keys and certificates are read when the policy is, not when the first image is.

mod file;
mod import;
mod key_source;
mod lookup;
mod parse;
mod registries_d;
mod resolve;
mod strict;
mod write;

pub use file::{
    Fulcio, GpgKeyType, Pki, Requirement, SignedBaseLayer, SignedBy, SignedIdentity, SigstoreSigned,
};
pub use import::Imported;
pub use lookup::Matched;
pub use parse::File;
pub use registries_d::{Lookups, Merged, Settings};
pub use resolve::Policy;
pub use write::{Copied, Written, write};
