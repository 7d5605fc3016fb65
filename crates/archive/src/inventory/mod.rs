//! The inventory: what an archive holds, from where, for where, and what it counts on.
//!
//! It is the config of an artifact of its own at the head of every volume, and is signed as any artifact is: by a referrer
//! of that artifact's manifest. The digest of that manifest is what a person compares, and what a successor calls its
//! predecessor.

mod check;
mod model;
mod parse;
pub(crate) mod schema;
mod stream;

pub use check::{MAX_ENTRIES, MAX_VOLUMES};
pub use model::{
    Blob, Carried, INVENTORY_TYPE, Inventory, Manifest, Ownership, Piece, Prerequisite, TagPolicy,
    TrustFile, Volume,
};
pub use parse::MAX_INVENTORY;

#[cfg(test)]
mod tests;
