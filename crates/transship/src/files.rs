//! Files that people name: read whole, capped, with `-` for the standard streams.

use std::{
    fs,
    io::{self, Read, Write as _},
    path::Path,
};

use transship_oci::{Error, ErrorKind, Result, Side};

/// Reads a text of at most `limit` bytes; `-` is standard input.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String> {
    let bytes = read(path, limit)?;
    String::from_utf8(bytes).map_err(|cause| {
        let error = Error::new(ErrorKind::Invalid, "the file is no text");
        error
            .because(cause.utf8_error())
            .on(Side::Local)
            .at(name(path))
    })
}

/// Reads a file of at most `limit` bytes; `-` is standard input.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let bytes = if path == Path::new("-") {
        read_capped(io::stdin().lock(), limit)
    } else {
        fs::File::open(path).and_then(|file| read_capped(file, limit))
    };
    bytes.map_err(|cause| {
        let error = match cause.kind() {
            io::ErrorKind::NotFound => Error::new(ErrorKind::Invalid, "there is no such file"),
            _ => Error::new(ErrorKind::Invalid, "the file cannot be read").because(cause),
        };
        error.on(Side::Local).at(name(path))
    })
}

/// Writes a text to a new or existing file; `-` is left to the caller, who has the output.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    let write = || {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // Whole or not at all: nobody shall apply half a plan.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok::<(), io::Error>(())
    };
    write().map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the file cannot be written")
            .on(Side::Local)
            .at(name(path))
            .because(cause)
    })
}

/// Is there something at the path, if only a link that leads nowhere?
pub(crate) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The path as it is shown.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn read_capped(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("it is longer than the limit of {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes)
}
