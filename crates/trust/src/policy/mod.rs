//! Policies: what must lie beside which artifact.
//!
//! ```text
//! policy.yaml  ──► PolicyFile (model, parse) ──► Policy (resolve: keys and roots are read)  ┐
//! policy.json  ──► containers::File          ──► containers::Policy                         ├─ Rules ──► Rule ──► assess ──► Assessment
//! --key, …     ──► Policy::demanding                                                        ┘                       │
//!                                                                                                     PolicyGate, explain, statements
//! ```
//! Whoever the rules come from, `assess` is the one place that puts them and the evidence before the
//! [`Judge`](crate::Judge).

mod answer;
mod assess;
mod assessment;
mod changes;
pub mod containers;
mod explain;
mod gate;
mod lint;
mod lookup;
mod materials;
mod model;
mod name;
mod parse;
mod resolve;
mod rewrite;
mod rule;
mod schema;
mod scope;
mod signers;
mod walk;

pub use assess::assess;
pub use assessment::{Assessment, Check, Judged, RootUsed};
pub use changes::changes;
pub use explain::{explain, wants};
pub use gate::PolicyGate;
pub use lint::{Remark, lint};
pub use lookup::{Policy, Rules};
pub use materials::{Beside, Materials};
pub use model::{
    AttestationFile, ConditionFile, DeniedFile, IdentityFile, KeylessFile, Level, Match,
    OpenPgpFile, PkiFile, PolicyFile, RemapFile, RuleFile, SignedByFile, SignedNameFile,
    SignerFile, Unsigned, Words,
};
pub use name::NameSpec;
pub use rule::{Clause, Rule, Stance, Validity, What};
pub use schema::schema;
pub use scope::{Rank, Scope};
pub use signers::Signers;
pub use walk::walk;
