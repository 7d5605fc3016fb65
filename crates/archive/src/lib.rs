//! What crosses the gap: archives of artifacts, and the stores that carry them.
//!
//! An archive is a plain tar of an OCI image layout that other tools read without us, with a signed [`Inventory`] at its
//! head. Everything about it is known before its first byte is written ([`Outline`]), so that it is written as one
//! stream without a temporary file, and read by ranges without being unpacked.
//!
//! A [`Store`] is a container of a cloud or a folder. Nothing here talks to a registry or judges a signature.

mod document;
pub mod foreign;
mod index;
pub mod inventory;
pub mod layout;
mod outline;
mod reader;
pub mod receipt;
mod repository;
pub mod request;
pub mod sequence;
mod sink;
mod state;
pub mod store;
pub mod tar;
pub mod transfer;
pub mod uploader;
mod volumes;

pub use inventory::Inventory;
pub use outline::{
    Lineage, Outline, OutlineOptions, Sealed, TrustMaterial, VolumeOutline, unsealed,
};
pub use reader::{
    Archive, ArtifactSummary, Difference, Evidence, EvidenceChange, Fault, Lost, Moved, Named,
    Summary, Total, Wrong,
};
pub use receipt::{Holdings, Receipt};
pub use repository::Filled;
pub use request::Request;
pub use sink::{ArchiveSink, WriteOptions};
pub use store::{Opened, Stat, Store, Upload, UploadSpec};
pub use uploader::{UploadPlan, Uploader};
