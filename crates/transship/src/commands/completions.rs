//! `completions SHELL`

use clap::CommandFactory as _;
use transship_oci::Result;

use crate::{args::Cli, exit::Exit, output};

pub(super) fn run(shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "transship", &mut script);
    output::bytes(&script)?;
    Ok(Exit::Done)
}
