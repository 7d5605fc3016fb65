//! A repository as an archive holds it: manifests in memory, blobs wherever they lie.
//!
//! One model for our own archives and for those of others: only where the blobs are differs.

mod filled;
mod manifests;
mod places;
mod source;

pub use filled::Filled;
pub(crate) use manifests::{Manifests, Node};
pub(crate) use places::Places;
pub(crate) use source::{Contents, HeldRepository};
