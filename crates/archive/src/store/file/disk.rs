//! Work with a disk: on a thread where it holds up nobody, with errors that say where.

use std::{io, sync::Arc};

use transship_oci::{Error, ErrorKind, Result, Retry};

/// Where work is done, for errors.
#[derive(Debug, Clone)]
pub(super) struct Disk(Arc<str>);

impl Disk {
    pub(super) fn new(location: String) -> Self {
        Self(location.into())
    }

    pub(super) fn location(&self) -> &str {
        &self.0
    }

    /// Runs a piece of work to its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(io::Error::other)
            .and_then(|done| done)
            .map_err(|error| self.fault(error))
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).at(&self.0)
    }

    /// What an error of the system means. A disk does not mend itself, so nothing is tried again.
    pub(super) fn fault(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::NotFound => self.error(ErrorKind::NotFound, "there is no such file"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => self
                .error(ErrorKind::Denied, "this may not be read or written")
                .hinting("change the rights of the folder, or choose another"),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => self.full(),
            io::ErrorKind::FileTooLarge => self
                .error(
                    ErrorKind::Invalid,
                    "the file is too large for the file system",
                )
                .hinting("cut the archive into volumes with `--volume-size`"),
            _ => self
                .error(
                    ErrorKind::Unavailable,
                    "the disk does not do what it should",
                )
                .hinting("look into the system's log, and try another medium"),
        }
        .retrying(Retry::No)
        .because(error)
    }

    pub(super) fn full(&self) -> Error {
        self.error(ErrorKind::Unavailable, "there is not enough room")
            .hinting("make room, choose another place, or cut the archive with `--volume-size`")
            .retrying(Retry::No)
    }
}
