//! What cosign and Sigstore call what they store: the same words for who reads it (`evidence`) and who writes it (`sign`).

/// The media type of a payload of simple signing.
pub(crate) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The media type of a DSSE envelope.
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// What the media types of all Sigstore bundles start with.
pub(crate) const ANY_BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The media type of a bundle of version 0.3, of its layer and of its artifact.
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The annotation of a layer with the base64 of the signature over it.
pub(crate) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
