//! `sync`.

use std::path::PathBuf;

use clap::Args;

use super::Choices;

/// `sync -f LIST`
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The list (YAML); - for standard input.
    #[arg(long, short, value_name = "LIST")]
    pub(crate) file: PathBuf,

    /// Write the plan to FILE (- for standard output) and move nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,

    /// Say for every tag why it is selected or not, and move nothing.
    #[arg(long)]
    pub(crate) explain: bool,

    /// How to copy.
    #[command(flatten)]
    pub(crate) choices: Choices,
}
