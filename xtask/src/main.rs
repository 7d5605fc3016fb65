//! Chores of the repository, run as `cargo xtask NAME`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]

mod bench;
mod layers;
mod lines;
mod schemas;

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("bench") => bench::run(args.get(1..).unwrap_or_default()),
        Some("layers") => layers::run(root()),
        Some("lines") => lines::run(root()),
        Some("schemas") => schemas::run(root()),
        _ => Err(format!("cargo xtask layers | lines | schemas | {}", bench::USAGE).into()),
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
