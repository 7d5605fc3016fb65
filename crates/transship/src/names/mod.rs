//! Names across a gap: what an artifact is called in an archive, and what it becomes where it arrives. All of it is pure.
//!
//! An archive knows registries only as places where something came from. What it names for the far side is a path and a
//! tag; whoever imports puts his registry, and a prefix if he likes, before it.

mod carried;
mod destination;

pub(crate) use self::{carried::carried, destination::Destination};
