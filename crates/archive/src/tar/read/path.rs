//! Paths of members: relative, inside, and the same to every reader.

use transship_oci::Result;

use super::fault;

/// Checks the path of a file and takes a leading `./` off.
///
/// # Errors
/// `Corrupt` for whatever could lead out of the archive, or be another file to another reader.
pub(super) fn file(name: &[u8], longest: usize) -> Result<String> {
    let path = clean(name, longest)?;
    if path.is_empty() || path.ends_with('/') {
        return Err(fault::member(name, "has no file name"));
    }
    Ok(path)
}

/// The same for a folder, which may end in a slash, and may be the archive itself.
pub(super) fn folder(name: &[u8], longest: usize) -> Result<String> {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    if name == b"." {
        return Ok(String::new());
    }
    clean(name, longest)
}

/// The file that a link in `path` points at; `None` when that is outside.
pub(super) fn linked(path: &str, target: &[u8]) -> Option<String> {
    let target = str::from_utf8(target).ok()?;
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" => return None,
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn clean(name: &[u8], longest: usize) -> Result<String> {
    let refuse = |reason| Err(fault::member(name, reason));
    let Ok(text) = str::from_utf8(name) else {
        return refuse("has a name that is not UTF-8");
    };
    if text.len() > longest {
        return refuse("has a name that is too long");
    }
    if text.starts_with('/') {
        return refuse("has an absolute name");
    }
    if text.contains('\\') || text.chars().any(char::is_control) {
        return refuse("has a backslash or a control character in its name");
    }
    let text = text.strip_prefix("./").unwrap_or(text);
    for part in text.split('/') {
        match part {
            ".." => return refuse("leads out of the archive"),
            "" | "." => return refuse("has an empty part in its name"),
            _ => {}
        }
    }
    Ok(text.to_owned())
}
