//! `login` and `logout`.

use clap::Args;

/// `login HOST -u USER --password-stdin`
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The registry, such as registry.example.com or localhost:5000.
    #[arg(value_name = "HOST")]
    pub(crate) host: String,

    /// Who to log in as.
    #[arg(long, short, value_name = "USER")]
    pub(crate) username: String,

    /// Read the password from standard input. There is no flag for it: every process can read the command line.
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,

    /// Try the credential, and store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `logout HOST`
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The registry.
    #[arg(value_name = "HOST")]
    pub(crate) host: String,

    /// Say whether there is a credential to forget, and leave it.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
