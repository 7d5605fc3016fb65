//! `conformance`: the command line that the sigstore-conformance suite speaks. Hidden: it is for machines.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// `conformance …`
#[derive(Debug, Args)]
pub(crate) struct Conformance {
    /// What the suite asks.
    #[command(subcommand)]
    pub(crate) command: ConformanceCommand,
}

/// What the suite asks.
#[derive(Debug, Subcommand)]
pub(crate) enum ConformanceCommand {
    /// Does a bundle hold for an artifact?
    VerifyBundle(VerifyBundle),
}

/// `conformance verify-bundle … FILE_OR_DIGEST`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("who").required(true).args(["certificate_identity", "key"])))]
pub(crate) struct VerifyBundle {
    /// Take the trust root of Sigstore's staging instance.
    #[arg(long)]
    pub(crate) staging: bool,

    /// The bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: PathBuf,

    /// Who must have signed.
    #[arg(long, value_name = "ID", requires = "certificate_oidc_issuer")]
    pub(crate) certificate_identity: Option<String>,

    /// Who must have vouched for the identity.
    #[arg(long, value_name = "URL")]
    pub(crate) certificate_oidc_issuer: Option<String>,

    /// The public key that must have signed.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// The authorities and logs to trust.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,

    /// What was signed: a file, or sha256:… for its digest.
    #[arg(value_name = "FILE_OR_DIGEST")]
    pub(crate) artifact: PathBuf,
}
