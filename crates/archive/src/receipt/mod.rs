//! Receipts: what a target has, as it says so itself.
//!
//! An exporter who has one leaves out what is in it. It comes from the target and not from the exporter's memory, so an
//! archive that got lost on its way costs nothing but itself. The signature is beside the bytes, and is the caller's.

mod against;
mod check;
mod holdings;
mod model;
mod scan;

pub use against::{Reach, against};
pub use check::MAX_RECEIPT;
pub use holdings::Holdings;
pub use model::{Held, HeldTag, Holding, RECEIPT_TYPE, Receipt, Taken};
pub use scan::scan;

#[cfg(test)]
mod tests;
