//! Reading a tar that may be hostile: what a header says, whether a path stays inside, what follows what.
//!
//! There is no input or output here. A [`Scan`] says which bytes it wants next and is fed them; whoever drives it reads
//! them from memory, or by ranges from a store, and never needs the content of a member.

mod fault;
mod header;
mod number;
mod path;
mod pax;
mod scan;

pub(crate) use scan::members_of;
pub use scan::{Limits, Links, Member, Scan};

/// The unit of a tar.
pub(crate) const BLOCK: u64 = 512;

/// Bytes of `size` with the padding that follows them.
pub(crate) fn padded(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(BLOCK)
}

#[cfg(test)]
mod tests;
