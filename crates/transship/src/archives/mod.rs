//! Archives as commands see them: our own and those of others, opened where they lie.

mod cargo;
mod lineage;
mod open;
mod seal;

pub(crate) use self::{
    cargo::Cargo,
    lineage::{admit, place, took},
    open::{Opened, open, own},
    seal::{seal, unlock},
};

/// What archives, receipts and requests say of who wrote them.
pub(crate) const GENERATOR: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
