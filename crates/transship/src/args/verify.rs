//! `verify`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use transship_oci::Reference;

/// `verify REF`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("who").required(true).multiple(true)
    .args(["policy", "key", "certificate_identity", "certificate_identity_regexp"])))]
pub(crate) struct Verify {
    /// What to verify.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// Everything that this policy wants must be there: our own form, or containers' policy.json.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Flags", "key"])]
    pub(crate) policy: Option<PathBuf>,

    /// A public key that must have signed: a file, `env://NAME`, or the PEM itself. Of several, one must have.
    #[arg(
        long,
        value_name = "KEY",
        conflicts_with = "Keyless",
        allow_hyphen_values = true
    )]
    pub(crate) key: Vec<String>,

    /// Who must have signed, by certificate.
    #[command(flatten)]
    pub(crate) keyless: Keyless,

    /// What else must hold.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// An identity, in cosign's words.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Keyless", multiple = true)]
pub(crate) struct Keyless {
    /// The identity in the signer's certificate, exactly: a mail address or a URI.
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "certificate_identity_regexp"
    )]
    pub(crate) certificate_identity: Option<String>,

    /// The same as a regular expression, which must match all of it.
    #[arg(long, value_name = "REGEXP")]
    pub(crate) certificate_identity_regexp: Option<String>,

    /// Who vouched for the identity, exactly: `https://accounts.google.com`
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "certificate_oidc_issuer_regexp"
    )]
    pub(crate) certificate_oidc_issuer: Option<String>,

    /// The same as a regular expression, which must match all of it.
    #[arg(long, value_name = "REGEXP")]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,

    /// The GitHub event that started the workflow.
    #[arg(long, value_name = "EVENT")]
    pub(crate) certificate_github_workflow_trigger: Option<String>,

    /// The commit that the workflow ran for.
    #[arg(long, value_name = "SHA")]
    pub(crate) certificate_github_workflow_sha: Option<String>,

    /// The workflow's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) certificate_github_workflow_name: Option<String>,

    /// The workflow's repository.
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) certificate_github_workflow_repository: Option<String>,

    /// The git reference that the workflow ran for.
    #[arg(long, value_name = "REF")]
    pub(crate) certificate_github_workflow_ref: Option<String>,

    /// Do not ask that the certificate itself was logged.
    #[arg(long)]
    pub(crate) insecure_ignore_sct: bool,
}

/// What else must hold.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Flags", multiple = true)]
pub(crate) struct Flags {
    /// The authorities and logs to trust, instead of the copy of Sigstore's that is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<String>,

    /// Do not ask for an entry in a transparency log.
    #[arg(long)]
    pub(crate) insecure_ignore_tlog: bool,

    /// An annotation that must have been signed along; may be given several times.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = super::value::pair)]
    pub(crate) annotations: Vec<(String, String)>,

    /// Every manifest below an index must be signed too.
    #[arg(long, short)]
    pub(crate) recursive: bool,
}
