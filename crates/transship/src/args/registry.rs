//! `registry serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};

use super::Written;

/// `registry …`
#[derive(Debug, Args)]
pub(crate) struct Registry {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: RegistryCommand,
}

/// What the built-in registry can do.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Serve a folder, or an archive as it is, as a registry.
    Serve(Serve),
}

/// `registry serve DIR` or `registry serve ARCHIVE`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder: one OCI image layout a repository. Made when it is not there. Or an archive, in a store or a file: it is
    /// served from where it lies, and cannot be written to.
    #[arg(value_name = "DIR|ARCHIVE")]
    pub(crate) what: Written,

    /// Where to listen. Beyond this machine it takes --tls-cert and --htpasswd.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,

    /// Who may use it: a file made by `htpasswd -B`.
    #[arg(long, value_name = "FILE")]
    pub(crate) htpasswd: Option<PathBuf>,

    /// The server's certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Refuse every write.
    #[arg(long)]
    pub(crate) read_only: bool,

    /// Listen beyond this machine without TLS or without passwords, knowing that anybody there can read and write.
    #[arg(long)]
    pub(crate) allow_insecure_listen: bool,
}
