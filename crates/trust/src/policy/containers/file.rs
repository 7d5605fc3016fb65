//! The words of `policy.json`.

use serde::{Deserialize, Serialize};

/// What must hold for an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Requirement {
    /// Anything passes.
    InsecureAcceptAnything {},
    /// Nothing passes.
    Reject {},
    /// An `OpenPGP` signature.
    SignedBy(SignedBy),
    /// A signature in cosign's first form.
    SigstoreSigned(Box<SigstoreSigned>),
    /// Never implemented; never holds.
    SignedBaseLayer(SignedBaseLayer),
}

/// A requirement of an `OpenPGP` signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedBy {
    /// What the keys are.
    pub key_type: GpgKeyType,
    /// A key ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_path: Option<String>,
    /// Key rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_paths: Option<Vec<String>>,
    /// A key ring in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_data: Option<String>,
    /// What the signed name must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_identity: Option<SignedIdentity>,
}

/// What the keys of a [`SignedBy`] are. Only the first was ever implemented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GpgKeyType {
    /// `OpenPGP` keys.
    #[serde(rename = "GPGKeys")]
    Keys,
    /// Keys that are signed by such keys.
    #[serde(rename = "signedByGPGKeys")]
    SignedByKeys,
    /// Certificates.
    #[serde(rename = "X509Certificates")]
    Certificates,
    /// Certificates that are signed by authorities.
    #[serde(rename = "signedByX509CAs")]
    SignedByAuthorities,
}

/// A requirement of a signature in cosign's first form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SigstoreSigned {
    /// A key's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_path: Option<String>,
    /// Keys' files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_paths: Option<Vec<String>>,
    /// A key's PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_data: Option<String>,
    /// Keys' PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_datas: Option<Vec<String>>,
    /// A short-lived certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulcio: Option<Fulcio>,
    /// A certificate of an authority of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pki: Option<Pki>,
    /// A log's key's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekor_public_key_path: Option<String>,
    /// Logs' keys' files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekor_public_key_paths: Option<Vec<String>>,
    /// A log's key's PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekor_public_key_data: Option<String>,
    /// Logs' keys' PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekor_public_key_datas: Option<Vec<String>>,
    /// What the signed name must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_identity: Option<SignedIdentity>,
}

/// Whom a short-lived certificate must be made out to, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fulcio {
    /// The authority's certificates' file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_path: Option<String>,
    /// The authority's certificates' PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_data: Option<String>,
    /// The OIDC issuer.
    pub oidc_issuer: String,
    /// The mail address.
    pub subject_email: String,
}

/// An authority of one's own, and whom of its subjects to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pki {
    /// The roots' file.
    #[serde(
        default,
        rename = "caRootsPath",
        skip_serializing_if = "Option::is_none"
    )]
    pub roots_path: Option<String>,
    /// The roots' PEM in base64.
    #[serde(
        default,
        rename = "caRootsData",
        skip_serializing_if = "Option::is_none"
    )]
    pub roots_data: Option<String>,
    /// The intermediates' file.
    #[serde(
        default,
        rename = "caIntermediatesPath",
        skip_serializing_if = "Option::is_none"
    )]
    pub intermediates_path: Option<String>,
    /// The intermediates' PEM in base64.
    #[serde(
        default,
        rename = "caIntermediatesData",
        skip_serializing_if = "Option::is_none"
    )]
    pub intermediates_data: Option<String>,
    /// The mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_email: Option<String>,
    /// The host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_hostname: Option<String>,
}

/// A requirement that nobody implements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedBaseLayer {
    /// The base layer's name.
    pub base_layer_identity: SignedIdentity,
}

/// What the signed name must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum SignedIdentity {
    /// The reference that is asked for.
    MatchExact {},
    /// The same for a tag; the same repository for a digest. What holds where nothing is said.
    MatchRepoDigestOrExact {},
    /// The same repository.
    MatchRepository {},
    /// This reference.
    ExactReference {
        /// The reference, with a tag or a digest.
        docker_reference: String,
    },
    /// This repository.
    ExactRepository {
        /// The repository.
        docker_repository: String,
    },
    /// As [`SignedIdentity::MatchRepoDigestOrExact`], after the front of the reference that is asked for was replaced.
    RemapIdentity {
        /// What is replaced.
        prefix: String,
        /// What is put in its place.
        signed_prefix: String,
    },
}
