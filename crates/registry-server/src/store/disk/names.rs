//! Where a repository lies: its name is its folder, save for the words that a layout uses itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::layout;

/// No part of a repository's name can end so (distribution-spec, "Pulling manifests").
const MARK: char = '_';

/// The folder of a repository.
///
/// `a/blobs` is a valid name, and so is `a/index.json`; both would lie in the layout of `a`. Such parts get a mark.
pub(super) fn folder(root: &Path, name: &str) -> PathBuf {
    let mut folder = root.to_owned();
    for part in name.split('/') {
        if layout::OWN.contains(&part) {
            folder.push(format!("{part}{MARK}"));
        } else {
            folder.push(part);
        }
    }
    folder
}

/// All repositories below a folder, in the order of their names' bytes.
pub(super) fn list(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut ahead = vec![(root.to_owned(), String::new())];
    while let Some((folder, name)) = ahead.pop() {
        if !name.is_empty() && folder.join(layout::INDEX).is_file() {
            names.push(name.clone());
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let Ok(part) = entry.file_name().into_string() else {
                continue;
            };
            let foreign = part.starts_with('.') || layout::OWN.contains(&part.as_str());
            if foreign || !entry.file_type()?.is_dir() {
                continue;
            }
            let part = part.strip_suffix(MARK).unwrap_or(&part);
            let below = match name.as_str() {
                "" => part.to_owned(),
                name => format!("{name}/{part}"),
            };
            ahead.push((entry.path(), below));
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests;
