//! Who must have signed, in cosign's words.

use std::path::PathBuf;

use clap::Args;

/// A key, an identity that Sigstore vouches for, or one that an authority of one's own vouches for.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Who {
    /// A public key that must have signed: a file, `env://NAME`, or the PEM itself. Of several, one must have.
    #[arg(
        long,
        value_name = "KEY",
        conflicts_with_all = ["Keyless", "Authority"],
        allow_hyphen_values = true
    )]
    pub(crate) key: Vec<String>,

    /// Who must have signed, by certificate.
    #[command(flatten)]
    pub(crate) keyless: Keyless,

    /// Whose certificates are good.
    #[command(flatten)]
    pub(crate) authority: Authority,

    /// The authorities and logs to trust, instead of the copy of Sigstore's that is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<String>,

    /// Do not ask for an entry in a transparency log.
    #[arg(long)]
    pub(crate) insecure_ignore_tlog: bool,
}

impl Who {
    /// All of these, for what does not go together with any.
    pub(crate) const ALL: [&str; 5] = [
        "key",
        "trusted_root",
        "insecure_ignore_tlog",
        "Keyless",
        "Authority",
    ];
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

/// A certificate authority of one's own, whose certificates name no OIDC issuer and are in no log.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Authority", multiple = true, conflicts_with_all = [
    "certificate_oidc_issuer", "certificate_oidc_issuer_regexp", "certificate_identity_regexp",
    "certificate_github_workflow_trigger", "certificate_github_workflow_sha", "certificate_github_workflow_name",
    "certificate_github_workflow_repository", "certificate_github_workflow_ref",
])]
pub(crate) struct Authority {
    /// Root certificates (PEM) of an authority of your own, which must have issued the signer's certificate.
    #[arg(long, value_name = "FILE", requires = "certificate_identity")]
    pub(crate) ca_roots: Option<PathBuf>,

    /// Certificates (PEM) between those roots and the signer's that signatures need not bring along.
    #[arg(long, value_name = "FILE", requires = "ca_roots")]
    pub(crate) ca_intermediates: Option<PathBuf>,

    /// Both in one file: from the certificate that issued the signer's to the root, which comes last.
    #[arg(long, value_name = "FILE", requires = "certificate_identity", conflicts_with_all = ["ca_roots", "ca_intermediates"])]
    pub(crate) certificate_chain: Option<PathBuf>,
}
