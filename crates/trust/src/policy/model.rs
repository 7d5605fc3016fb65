//! The policy file: its form, and nothing of its meaning.
//!
//! Every key is known or refused. What a key means is said here, because the JSON schema that editors show is made of
//! these words.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use transship_oci::Digest;

use crate::{Tlog, WorkflowClaim};

mod words;

pub use words::{SignedByFile, Words};

/// What must lie beside which artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyFile {
    /// The version of this form: 1.
    pub version: u32,
    /// The trust root for all signers that name none: a `trusted_root.json`, or `sigstore:public-good` or
    /// `sigstore:staging` for the copy that is built in. Paths are relative to this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_root: Option<String>,
    /// Trust roots that are older than so many days judge nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_trust_root_age_days: Option<u32>,
    /// Who may sign, by names of your own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signers: BTreeMap<String, SignerFile>,
    /// What holds where no rule does. It has no scope.
    pub default: RuleFile,
    /// Rules; of those whose scope fits, the most specific one holds, and it alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleFile>,
    /// Artifacts that never pass, whatever else is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<DeniedFile>,
}

/// A signer: exactly one of `key`, `keyless`, `pki` and `openpgp`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SignerFile {
    /// Public keys, one of which must have signed: a file, `env:NAME`, or the PEM itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Words>,
    /// Identities, one of which a short-lived certificate must bear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyless: Option<KeylessFile>,
    /// A certificate authority of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pki: Option<PkiFile>,
    /// `OpenPGP` keys. This version cannot judge them, and says so wherever they are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openpgp: Option<OpenPgpFile>,
    /// What is asked of the transparency log: `required` where nothing is said. Not for `pki`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlog: Option<Tlog>,
    /// The trust root for this signer, as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_root: Option<String>,
    /// Keys of transparency logs to trust instead of a trust root: files, `env:NAME`, or PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_keys: Option<Words>,
}

/// Identities that a certificate authority vouches for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeylessFile {
    /// The identities, one of which must fit.
    pub identities: Vec<IdentityFile>,
    /// Must the certificate itself be logged (SCT)? Yes, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sct: Option<bool>,
    /// Authorities to trust instead of those of a trust root: a PEM file, `env:NAME`, or PEM. Wants `log-keys`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
}

/// An identity: a subject and an issuer, and whatever else the certificate must say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IdentityFile {
    /// The subject, exactly: a mail address or a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The subject, as a regular expression that must match the whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_pattern: Option<String>,
    /// The subject, exactly, and it must be a mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The OIDC issuer, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The OIDC issuer, as a regular expression that must match the whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_pattern: Option<String>,
    /// What the certificate must say of the workflow that signed, exactly.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<WorkflowClaim, String>,
    /// The same as regular expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_patterns: BTreeMap<WorkflowClaim, String>,
}

/// A certificate authority of your own, and whom of its subjects to trust.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PkiFile {
    /// Root certificates: a PEM file, `env:NAME`, or PEM.
    pub roots: String,
    /// Intermediate certificates that signatures need not bring along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intermediates: Option<String>,
    /// Mail addresses that the certificate must all bear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Host names that the certificate must all bear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// URIs that the certificate must all bear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
}

/// `OpenPGP` keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenPgpFile {
    /// Key rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<Words>,
}

/// A rule: exactly one of `refuse`, `unsigned: allow`, and demands (`signed-by`, `attestations`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleFile {
    /// Where the rule holds: a registry, a repository or what is above it, a repository with a tag or a pattern of tags
    /// (`*` and `?`), a repository with a digest, or `*.example.com` for all hosts below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Words>,
    /// Nothing passes, for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
    /// `allow`: everything passes, signed or not. Wants a `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<Unsigned>,
    /// Why unsigned artifacts pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who must have signed: a signer's name, or `any-of` or `all-of` a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedByFile>,
    /// What must be signed: the index, every child, both, or any (the index, or else every child).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Level>,
    /// Annotations that must have been signed along.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What the name must be that was signed along. Only signatures in cosign's first form have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_name: Option<SignedNameFile>,
    /// Statements that must be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<AttestationFile>,
    /// The rule lets nothing pass before this day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub valid_from: Option<Date>,
    /// The rule lets nothing pass after this day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub valid_until: Option<Date>,
}

/// What is done with unsigned artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unsigned {
    /// They pass.
    Allow,
}

/// Which manifests of an artifact must meet a demand. For one that is no index, all levels mean the one that there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The index itself.
    #[default]
    Index,
    /// Every manifest below it that is no index.
    EveryChild,
    /// The index, and every child.
    Both,
    /// The index, or else every child.
    Any,
}

/// A rule about the name that was signed along: exactly one of `match`, `reference` and `repository`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SignedNameFile {
    /// How it must match the reference that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#match: Option<Match>,
    /// Before it is matched, the front of the reference that is asked for is replaced: for mirrors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remap: Option<RemapFile>,
    /// It must be this reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// It must be in this repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// How a signed name must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// The same reference; both have a tag or a digest.
    Exact,
    /// The same where a tag is asked for; the same repository where a digest is.
    DigestOrExact,
    /// The same repository.
    Repository,
}

/// The front of a reference, and what stood there when it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RemapFile {
    /// A registry, or a repository or what is above it.
    pub prefix: String,
    /// What stands there in signatures.
    pub signed_prefix: String,
}

/// A statement that must be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AttestationFile {
    /// Its predicate type: a URI, or cosign's name for one (`slsaprovenance1`, `spdxjson`, `cyclonedx`, `vuln` …). Of
    /// several, one must be there.
    pub r#type: Words,
    /// Who must have signed it; whoever must sign the artifact where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedByFile>,
    /// Beside which manifests it must lie; those that must be signed where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Level>,
    /// What its predicate must say, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionFile>,
}

/// A condition on a predicate: a place, and exactly one test.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConditionFile {
    /// Where in the predicate, as a JSON pointer: `/buildDefinition/buildType`.
    pub pointer: String,
    /// This value is there.
    #[serde(
        default,
        deserialize_with = "even_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub equals: Option<Value>,
    /// One of these values is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#in: Option<Vec<Value>>,
    /// Something is there (`true`), or nothing (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// A number less than this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less_than: Option<f64>,
    /// A number of at most this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// A number greater than this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greater_than: Option<f64>,
    /// A number of at least this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// An artifact that never passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeniedFile {
    /// The digest of an artifact, or of a manifest below it.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// Why.
    pub reason: String,
}

/// `equals: null` is a wish, not the absence of one.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
