//! What the tests stand on: a rig of one source and some targets, all watched.

mod gate;
mod observer;
mod rig;
mod trap;
mod vault;
mod watched;

pub(crate) use gate::{ALARM, Demanding};
pub(crate) use observer::Recorder;
pub(crate) use rig::{Rig, block_on, digest_of, visible_tags};
pub(crate) use trap::{Act, Trap};
pub(crate) use vault::{PART, Vault};
pub(crate) use watched::Watched;
