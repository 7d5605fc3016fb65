//! Settings from a file.

use std::path::Path;

use transship_oci::Result;

use super::Settings;
use crate::{files, yaml};

/// Reads the settings file.
pub(super) fn read(path: &Path) -> Result<Settings> {
    let text = files::read_text(path, yaml::MAX_DOCUMENT)?;
    parse(&text, &path.display().to_string())
}

/// Reads the settings in `text`. A file with nothing but comments sets nothing.
pub(super) fn parse(text: &str, origin: &str) -> Result<Settings> {
    Ok(yaml::read::<Option<Settings>>(text, origin)?.unwrap_or_default())
}
