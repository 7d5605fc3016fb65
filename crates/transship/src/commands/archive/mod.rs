//! `archive …`: one file a command.

mod copy;
mod diff;
mod inspect;
mod receipt;
mod rewrite;
mod tree;
mod trust;
mod verify;

use transship_oci::Result;

use crate::{app::App, args::ArchiveCommand, exit::Exit};

pub(super) async fn run(app: &App, command: &ArchiveCommand) -> Result<Exit> {
    match command {
        ArchiveCommand::Inspect(args) => inspect::run(app, args).await,
        ArchiveCommand::Tree(args) => tree::run(app, args).await,
        ArchiveCommand::Copy(args) => copy::run(app, args).await,
        ArchiveCommand::Receipt(args) => receipt::run(app, args).await,
        ArchiveCommand::Verify(args) => verify::run(app, args).await,
        ArchiveCommand::Trust(args) => trust::run(app, args).await,
        ArchiveCommand::Diff(args) => diff::run(app, args).await,
        ArchiveCommand::Expand(args) => rewrite::expand(app, args).await,
        ArchiveCommand::Split(args) => rewrite::split(app, args).await,
        ArchiveCommand::Join(args) => rewrite::join(app, args).await,
    }
}
