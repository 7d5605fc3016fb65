//! A Sigstore of one's own: certificate authority, certificate log, transparency log, time stamper, and signers who
//! use them.
//!
//! Keyless signatures by Sigstore's public instance cannot be made in a test, because nobody there is asked who they are.
//! A [`Forge`] makes the same, as bytes that programs of others take too, and hands out the `trusted_root.json` to judge
//! them by. What is to be wrong with one is either asked of its [`Signer`], or changed afterwards in the JSON.
//!
//! ```
//! use transship_testkit::sigstore::Forge;
//! let forge = Forge::new();
//! let root = forge.trusted_root();
//! let signer = forge.signer("builder@example.com", "https://accounts.example.com");
//! let bundle = signer.sign(&transship_oci::Digest::sha256(b"an image's manifest"));
//! # assert_eq!(bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["kind"], "dsse");
//! # assert_eq!(root["tlogs"][0]["logId"]["keyId"], bundle["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"]);
//! ```

mod authority;
mod beside;
mod der;
mod forge;
mod log;
mod sct;
mod signer;
mod stamper;

pub use forge::Forge;
pub use sct::Stamp;
pub use signer::{Layer, Signer};
