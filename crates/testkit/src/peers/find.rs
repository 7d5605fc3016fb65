//! Where the programs are.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The repository's own folder of peers, made by `scripts/peers`.
fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.peers/bin")
}

/// Looks for a program in `.peers/bin` of the repository, then in `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    std::iter::once(own_folder())
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .map(|program| program.canonicalize().unwrap_or(program))
}

/// Like [`find`]; a missing program is said loudly, and under `CI=true` it is a failure.
pub fn require(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        missing(&format!(
            "{name} is not installed; run scripts/peers {name}"
        ));
    }
    found
}

/// Says loudly that a test is passed over; under `CI=true` it fails.
pub fn missing(why: &str) {
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "{why} (CI=true: nothing is passed over)");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Straight to stderr: the test harness keeps back what a test that passes has printed.
    let line = format!("SKIPPED: {test}: {why}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}
