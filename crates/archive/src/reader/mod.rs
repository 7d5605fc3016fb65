//! Reading our own archives, by ranges and without unpacking.

mod agree;
mod archive;
mod closure;
mod diff;
mod head;
mod inspect;
mod lists;
mod lost;
mod object;
mod preface;
mod reading;
mod relay;
mod verify;
mod volume;

pub(crate) use agree::within;
pub use archive::Archive;
pub use diff::{Difference, EvidenceChange, Moved, Named};
pub use inspect::{ArtifactSummary, Evidence, Summary, Total};
pub use lost::Lost;
pub(crate) use object::Object;
pub(crate) use preface::MAX_HEAD;
pub(crate) use reading::Reading;
pub use verify::{Fault, Wrong};

#[cfg(test)]
mod tests;
