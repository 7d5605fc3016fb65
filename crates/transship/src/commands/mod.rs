//! The commands, one file each: from arguments to the engine and back to a result.

mod apply;
mod archive;
mod attest;
mod completions;
mod conformance;
mod copy;
mod doctor;
mod export;
mod import;
mod inspect;
mod key;
mod login;
mod logout;
mod plan_file;
mod policy;
#[cfg(feature = "tuf")]
mod refresh;
mod registry;
mod report;
mod sign;
mod statement;
pub(crate) mod suggest;
mod sync;
mod tags;
mod transfer;
mod tree;
mod verify;

pub(crate) use self::sign::place;

use transship_oci::Result;

use crate::{
    app::App,
    args::{Command, ConformanceCommand, KeyCommand, RegistryCommand},
    exit::Exit,
    quickstart,
};

/// Does what was asked for.
pub(crate) async fn run(app: &App, command: &Command) -> Result<Exit> {
    match command {
        Command::Copy(args) => copy::run(app, args).await,
        Command::Apply(args) => apply::run(app, args).await,
        Command::Sync(args) => sync::run(app, args).await,
        Command::Export(args) => export::run(app, args).await,
        Command::Import(args) => import::run(app, args).await,
        Command::Archive(tool) => archive::run(app, &tool.command).await,
        Command::Verify(args) => verify::run(app, args).await,
        Command::Policy(args) => policy::run(app, &args.command).await,
        Command::Inspect(args) => inspect::run(app, args).await,
        Command::Tree(args) => tree::run(app, args).await,
        Command::Tags(args) => tags::run(app, args).await,
        Command::Login(args) => login::run(app, args).await,
        Command::Logout(args) => logout::run(app, args).await,
        Command::Doctor(args) => doctor::run(app, args).await,
        Command::Sign(args) => sign::run(app, args).await,
        Command::Attest(args) => attest::run(app, args).await,
        Command::Statement(statement) => statement::run(app, &statement.command),
        Command::Key(key) => match &key.command {
            KeyCommand::Generate(args) => key::generate(app, args),
        },
        #[cfg(feature = "tuf")]
        Command::Trust(tool) => match &tool.command {
            crate::args::TrustCommand::Refresh(args) => refresh::run(app, args).await,
        },
        Command::Registry(registry) => match &registry.command {
            RegistryCommand::Serve(args) => registry::serve(app, args).await,
        },
        Command::Conformance(asked) => match &asked.command {
            ConformanceCommand::VerifyBundle(args) => conformance::verify_bundle(app, args),
        },
        Command::Quickstart => quickstart::run(app).await,
        Command::Completions { shell } => completions::run(*shell),
    }
}
