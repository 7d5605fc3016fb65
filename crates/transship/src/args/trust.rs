//! `trust refresh`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `trust …`
#[derive(Debug, Args)]
pub(crate) struct TrustTool {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: TrustCommand,
}

/// What can be done with trust roots.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Fetch Sigstore's trust root as it is today, by TUF.
    Refresh(Refresh),
}

/// `trust refresh --output FILE`
#[derive(Debug, Args)]
pub(crate) struct Refresh {
    /// Write the trust root there.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Where the TUF repository is: a URL, or a folder with a copy of it. Sigstore's public one where nothing is said.
    #[arg(long, value_name = "URL|DIR")]
    pub(crate) mirror: Option<String>,

    /// The TUF root.json to begin with; the one that is built in, of Sigstore's public instance, where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
}
