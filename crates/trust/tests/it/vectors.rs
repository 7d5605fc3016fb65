//! Where the test vectors are: `TRANSSHIP_VECTORS`, else beside the repository. They are others' and are not copied here.

use std::path::{Path, PathBuf};

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
    eprintln!("SKIPPED: no vectors {name}; set TRANSSHIP_VECTORS to the folder that has them");
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
