//! Signing with a key of one's own, in the forms that cosign writes.
//!
//! ```text
//! PrivateKey ──► bundle (a referrer, as cosign 3) · legacy (.sig and .att tags, as cosign 2) ──► Signed ──► publish to a Sink
//! ```
//! Nothing here asks a log or an authority: what is signed this way holds for those who have the public key and ask for no
//! log entry (`tlog: optional` or `ignore` in a policy, `--insecure-ignore-tlog` with cosign).
//!
//! Signatures are deterministic, whatever kind the key is of: the same key, subject and time give the same bytes, so that
//! signing again changes nothing.

mod attest;
mod bundle;
mod cosign_key;
mod dsse;
mod key_file;
mod legacy;
mod manifest;
mod publish;
mod signing_key;
mod stack;

pub use attest::{Attestation, attest, attest_legacy};
pub(crate) use bundle::about;
pub use bundle::{bundle, referrer, sign};
pub use key_file::PrivateKey;
pub use legacy::{LegacySignature, legacy_tag, sign_legacy};
pub use publish::{Signed, publish, tagged};
