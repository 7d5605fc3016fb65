//! Nouns of the OCI specifications, and the traits between the parts of transship.
//!
//! Everything else in the workspace is written in these words: what an artifact is ([`Digest`], [`Descriptor`],
//! [`RawManifest`], [`Children`]), how people name one ([`Reference`]), where it comes from and goes to ([`Source`],
//! [`Sink`], [`Blob`]), who may stop it ([`Gate`]), who looks on ([`Observer`]), and what an [`Error`] says.
//!
//! There is no input or output here, no runtime and no HTTP. A manifest is the bytes that were read: nothing in this
//! crate can change them, and [`RawManifest`] cannot hold bytes that do not hash to its digest.

mod artifact;
mod blob;
mod budget;
mod children;
mod clock;
mod descriptor;
mod digest;
mod error;
mod event;
mod gate;
mod hasher;
mod journal;
mod location;
pub mod media_type;
mod platform;
mod raw_manifest;
mod reference;
mod store;

pub use artifact::Artifact;
pub use blob::{Blob, ByteStream, MemoryBlob, Verifier};
pub use budget::{Budget, Permit};
pub use children::{Children, MAX_CHILDREN};
pub use clock::{Clock, SystemClock};
pub use descriptor::Descriptor;
pub use digest::{Algorithm, Digest, DigestError};
pub use error::{Error, ErrorKind, Result, Retry, Side};
pub use event::{EVENT_VERSION, Event, Observer, Unobserved};
pub use gate::{Accept, Gate, Verdict, Walked};
pub use hasher::{HashState, Hasher};
pub use journal::{Checkpoint, Journal, NoJournal};
pub use location::{Location, SafeUrl};
pub use platform::{Platform, PlatformError};
pub use raw_manifest::{MAX_MANIFEST, RawManifest};
pub use reference::{Name, Reference, ReferenceError, Repository, Tag};
pub use store::{Placed, Placement, Presence, Referrer, Sink, Source, Tie};
