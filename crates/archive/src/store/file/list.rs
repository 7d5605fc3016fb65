//! The files below a folder.

use std::{fs, io, path::Path};

use super::{super::Stat, stat_of, upload};

/// More files than a folder of archives has.
const MAX_FILES: usize = 100_000;
/// Deeper than any folder of archives is.
const MAX_DEPTH: usize = 32;

/// All files whose names, relative to `root`, begin with `prefix`, by name.
pub(super) fn files(root: &Path, prefix: &str) -> io::Result<Vec<Stat>> {
    let mut found = Vec::new();
    look(root, "", prefix, MAX_DEPTH, &mut found)?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

fn look(
    folder: &Path,
    above: &str,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Stat>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is no text cannot be one that we gave.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (key, kind) = (format!("{above}{name}"), entry.file_type()?);
        if kind.is_dir() {
            let below = format!("{key}/");
            if depth > 0 && (below.starts_with(prefix) || prefix.starts_with(&below)) {
                look(&entry.path(), &below, prefix, depth - 1, found)?;
            }
        } else if key.starts_with(prefix) && !upload::is_session(&name) {
            // Through a link, but never into a folder by one: that may lead round in circles.
            match fs::metadata(entry.path()) {
                Ok(file) if file.is_file() => found.push(stat_of(&key, &file)),
                _ => continue,
            }
            if found.len() > MAX_FILES {
                return Err(io::Error::other(format!(
                    "there are more than {MAX_FILES} files"
                )));
            }
        }
    }
    Ok(())
}
