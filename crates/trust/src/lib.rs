//! Finds evidence beside an artifact, judges it, and signs.
//!
//! ```text
//! referrers ──► evidence (every form, one model) ──► Judge (signer, demand) ──► Finding ──► conclude ──► Class
//! ```
//! [`find`] reads what lies beside a digest; [`Judge::judge`] says of one piece of [`Evidence`] how it stands to one
//! [`Signer`] and one [`Demand`], always with a reason; [`conclude`] draws good, bad, missing or cannot-check from all of them.
//!
//! Nothing here asks the network for anything but what the given `Source` has: trust roots, keys and the time are handed in.
//! What is judged and in which order is written in `judge`, and nowhere else is a verdict made.
//!
//! | where | what |
//! |---|---|
//! | `evidence` | how signatures are stored, in every form; the forms end there |
//! | `judge`, `verdict` | one piece of evidence, one signer, one demand; and what follows from all |
//! | [`policy`] | rules: ours, those of containers/image, and how they are put before the judge |
//! | [`sign`], [`statement`] | what is signed here, and how it comes beside its subject |
//! | `refresh` | a younger trust root, in builds with the feature `tuf` |
//! | `yaml` | texts of people that are rewritten, with their comments |

mod authorities;
pub mod conformance;
mod demand;
mod evidence;
mod judge;
mod keys;
mod nearest;
mod pattern;
mod pem;
pub mod policy;
mod predicate;
#[cfg(feature = "tuf")]
pub mod refresh;
mod root;
pub mod sign;
mod signer;
pub mod statement;
mod storage;
mod verdict;
mod yaml;

pub use authorities::Authorities;
pub use demand::{AttestationDemand, Demand, NameRule, SignatureDemand};
pub use evidence::{Evidence, Form, Found, Limits, Located, SimpleSigning, find, load, locate};
pub use judge::Judge;
pub use keys::Key;
pub use nearest::nearest;
pub use pattern::Pattern;
pub use predicate::{Condition, IN_TOTO, SIGN, Statement, StatementSubject, Test, predicate_type};
pub use root::TrustRoot;
pub use signer::{
    Identity, KeySigner, KeylessSigner, PkiSigner, Signer, Subject, SubjectKind, Tlog,
    WorkflowClaim,
};
pub use verdict::{Claim, Class, Finding, Outcome, Proof, SignedBy, conclude};
