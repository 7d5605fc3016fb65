//! Trust on the command line: from flags and files to rules, a gate and an assessment.
//!
//! Verdicts are made in `transship_trust` and nowhere here.

mod assess;
mod gate;
mod keys;
mod rules;
mod signer;

pub(crate) use self::{
    assess::assess,
    gate::{Guard, guard},
    keys::by_keys,
    rules::{Document, beside, document, rules},
    signer::{read, signer},
};
