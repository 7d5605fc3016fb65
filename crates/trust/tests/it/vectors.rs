//! Where the test vectors are: `TRANSSHIP_VECTORS`, else beside the repository. They are others' and are not copied here.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// The folder, or `None` where there is none, which is then said aloud.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let asked = std::env::var_os("TRANSSHIP_VECTORS").map(PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let is_asked = asked.is_some();
    let folder = asked.unwrap_or_else(|| shared.join("vectors")).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        !(is_asked || in_ci && shared.is_dir()),
        "there are no vectors {name} in {}",
        folder.display()
    );
    // Not by a macro: what those print is kept from the people who run the tests.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let told = format!("SKIPPED: {test}: {name} is not installed; set TRANSSHIP_VECTORS\n");
    let _ = std::io::stderr().write_all(told.as_bytes());
    None
}

/// A file in it.
pub(crate) fn read(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A text in it.
pub(crate) fn text(folder: &Path, name: &str) -> String {
    String::from_utf8(read(folder, name)).unwrap()
}
