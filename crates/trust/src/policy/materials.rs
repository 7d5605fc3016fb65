//! What a policy names: files beside it, and variables.

use std::{fmt, fs::File, io::Read as _, path::PathBuf};

use transship_oci::{Error, ErrorKind, Result, Side};

/// The largest file that a policy may name, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Gets what a policy names.
pub trait Materials {
    /// A file's bytes. The path is as it stands in the policy.
    ///
    /// # Errors
    /// When it cannot be read.
    fn file(&self, path: &str) -> Result<Vec<u8>>;

    /// A variable's value.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Looks up a variable.
type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Files beside the policy.
pub struct Beside {
    folder: PathBuf,
    variables: Variables,
}

impl Beside {
    /// Paths are relative to `folder`; there are no variables.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            variables: Box::new(|_| None),
        }
    }

    /// Variables are what `look_up` says.
    pub fn with_variables(
        mut self,
        look_up: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Box::new(look_up);
        self
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Materials for Beside {
    fn file(&self, path: &str) -> Result<Vec<u8>> {
        let full = self.folder.join(path);
        let unreadable = |cause: std::io::Error| {
            // What a policy names and is not there is a slip in the policy.
            Error::new(ErrorKind::Invalid, "the file cannot be read")
                .because(cause)
                .on(Side::Local)
                .at(full.display())
        };
        let mut bytes = Vec::new();
        let file = File::open(&full).map_err(unreadable)?;
        file.take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE {
            let message = format!("the file is larger than {MAX_FILE} bytes");
            return Err(Error::new(ErrorKind::Invalid, message)
                .on(Side::Local)
                .at(full.display()));
        }
        Ok(bytes)
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name)
    }
}

/// A text that a policy gives in one of three ways: as itself (PEM), as `env:NAME` (`env://NAME` to cosign), or as a file.
pub(super) fn text(materials: &dyn Materials, written: &str) -> Result<String> {
    if written.contains("-----BEGIN") {
        return Ok(written.to_owned());
    }
    let variable = written
        .strip_prefix("env://")
        .or_else(|| written.strip_prefix("env:"));
    if let Some(name) = variable {
        return materials.variable(name).ok_or_else(|| {
            let message = format!("the variable {name} is not set");
            Error::new(ErrorKind::Invalid, message).on(Side::Local)
        });
    }
    String::from_utf8(materials.file(written)?).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the file is no text")
            .because(cause.utf8_error())
            .on(Side::Local)
            .at(written)
    })
}
