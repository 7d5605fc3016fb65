//! `policy …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use transship_oci::{Reference, Repository};

/// `policy …`
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// What can be done with a policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Read a policy and everything that it names, and remark on what is probably not meant.
    Lint(Lint),
    /// Which rule holds for an artifact, what it wants, and what is there.
    Explain(Explain),
    /// Turn a policy.json of podman, skopeo and CRI-O into a policy of our own.
    Import(Import),
    /// Write a policy.json and its registries.d for nodes that pull what was copied.
    Export(Export),
    /// Print the JSON schema of policies, for editors.
    Schema,
}

/// `policy lint FILE`
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// The policy.
    #[arg(value_name = "FILE")]
    pub(crate) policy: PathBuf,

    /// Exit with 1 when there is a remark.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// `policy explain REF --policy FILE`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The artifact.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// The policy.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
}

/// `policy import POLICY.JSON`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The policy.json; - for standard input.
    #[arg(value_name = "POLICY.JSON")]
    pub(crate) file: PathBuf,

    /// Write it there instead of to standard output. What a policy that is there already has in common with it keeps its
    /// text, its comments and the names of its signers.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write over a policy that says something else.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// `policy export FILE`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The policy.
    #[arg(value_name = "FILE")]
    pub(crate) policy: PathBuf,

    /// A repository that was copied: its rules are written for where it is now; may be given several times.
    #[arg(long, value_name = "FROM=TO", value_parser = copied)]
    pub(crate) copied: Vec<(Repository, Repository)>,

    /// Write policy.json and registries.d/transship.yaml into this folder instead of policy.json to standard output. What
    /// lies in registries.d already stays.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// Write over a policy.json that says something else.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

fn copied(text: &str) -> Result<(Repository, Repository), String> {
    let (from, to) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} is not FROM=TO"))?;
    Ok((
        super::value::repository(from)?,
        super::value::repository(to)?,
    ))
}
