//! transship: moves container images and OCI artifacts, with their signatures, between registries.
//!
//! Thin: arguments become settings, settings become a client and an engine, what the engine reports becomes a result on
//! standard output and an exit code. `args` says what may be written, `commands` has one file a command, `output` is the
//! only place that prints.

mod amount;
mod app;
mod archives;
mod args;
mod client;
mod commands;
mod environment;
mod exit;
mod files;
mod journal;
mod letter;
mod list;
mod logging;
#[cfg(feature = "tuf")]
mod mirror;
mod names;
mod output;
mod private_key;
mod progress;
mod quickstart;
mod read;
mod scribe;
mod settings;
mod signals;
mod stores;
mod tree;
mod trust;
mod yaml;

use std::process::ExitCode;

use transship_oci::{Error, ErrorKind, Result};

use crate::{
    app::App, args::Cli, environment::Environment, exit::Exit, output::Output, signals::Signals,
};

fn main() -> ExitCode {
    let cli = Cli::read();
    let environment = Environment::of_process();
    let no_color = environment.get("NO_COLOR").is_some();
    let output = Output::new(cli.global.format.output, cli.global.quiet, no_color);
    logging::start(cli.global.verbose, cli.global.quiet, !no_color);
    let exit = start(&cli, environment, output).unwrap_or_else(|error| {
        output.error(&error);
        if output::is_closed(&error) {
            Exit::Done
        } else {
            Exit::Failed(error.kind())
        }
    });
    exit.into()
}

fn start(cli: &Cli, environment: Environment, output: Output) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            Error::new(ErrorKind::Unavailable, "the system gives no threads").because(cause)
        })?;
    let app = App::new(&cli.global, environment, output)?;
    let ended = runtime.block_on(async {
        // Before the first step of the command: a signal that comes early must not find the system's own way.
        let signals = Signals::listen();
        tokio::select! {
            ended = Box::pin(commands::run(&app, &cli.command)) => ended,
            signal = signals.stop(), if !cli.command.ends_itself() => {
                app.progress.end();
                match app.progress.so_far() {
                    Some(done) => app.output.say(format_args!(
                        "stopped: {done}\nrun the same command again; it goes on where it stopped"
                    )),
                    None => app.output.say("stopped"),
                }
                Ok(Exit::Stopped(signal))
            }
        }
    });
    app.progress.end();
    // A thread that waits for standard input would hold the process up.
    runtime.shutdown_background();
    ended
}
