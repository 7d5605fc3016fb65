//! The middle leg: an archive from one store to another, byte for byte, with what was said of it.

mod copy;
mod fetch;
mod same;
mod set;
mod steady;

pub use copy::{Copied, CopyOptions, CopyStep, How, copy};
pub use set::copy_set;
pub use steady::Steady;

#[cfg(test)]
mod tests;
