//! `cargo xtask lines`: is any source file too long to be read at a sitting?

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

/// More than this is two subjects in one file.
const MOST: usize = 700;

/// Folders at the root that hold sources of ours.
const FOLDERS: [&str; 3] = ["crates", "fuzz", "xtask"];

/// Checks the workspace at `root`.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut lengths = Vec::new();
    for folder in FOLDERS {
        for file in sources(&root.join(folder))? {
            let count = fs::read_to_string(&file)?.lines().count();
            let shown = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .display()
                .to_string();
            lengths.push((count, shown));
        }
    }
    println!("{}", judge(lengths)?);
    Ok(())
}

/// Says how long the files are, or which are too long.
fn judge(mut lengths: Vec<(usize, String)>) -> Result<String, String> {
    lengths.sort();
    let too_long: Vec<String> = lengths
        .iter()
        .filter(|(count, _)| *count > MOST)
        .map(|(count, file)| format!("{file} has {count} lines, more than {MOST}"))
        .collect();
    let (Some((longest, file)), true) = (lengths.last(), too_long.is_empty()) else {
        return Err(if too_long.is_empty() {
            "no sources found".to_owned()
        } else {
            too_long.join("\n")
        });
    };
    let median = lengths[lengths.len() / 2].0;
    Ok(format!(
        "lines: {} files, median {median}, longest {longest} ({file})",
        lengths.len()
    ))
}

/// All Rust files below a folder, in order; none for a folder that is not there.
pub(crate) fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "target" {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
