//! Reading our own archives, by ranges and without unpacking.

mod agree;
mod archive;
mod closure;
mod head;
mod lists;
mod lost;
mod object;
mod preface;
mod reading;
mod verify;
mod volume;

pub use archive::Archive;
pub use lost::Lost;
pub(crate) use object::Object;
pub use verify::{Fault, Wrong};

#[cfg(test)]
mod tests;
