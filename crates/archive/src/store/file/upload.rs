//! A file that is being written, beside the place where it will be.

use std::{
    fs::{self, File},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use transship_oci::{Error, ErrorKind, Result};

use super::{
    super::{Upload, UploadSpec},
    disk::Disk,
    medium::Medium,
    publish::publish,
};

/// What the names of unfinished files begin and end with.
const PREFIX: &str = ".transship-";
const SUFFIX: &str = ".part";

/// Is this the name of an unfinished file?
pub(super) fn is_session(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|name| name.strip_suffix(SUFFIX))
        .is_some_and(|middle| middle.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A file that is being written. Its session is its name for the time being.
#[derive(Debug)]
pub(super) struct FileUpload {
    disk: Disk,
    root: PathBuf,
    target: PathBuf,
    temporary: PathBuf,
    key: String,
    session: String,
    size: u64,
    part_size: u64,
    overwrite: bool,
}

impl FileUpload {
    /// Makes the file and the folders above it.
    pub(super) fn begin(
        disk: Disk,
        root: PathBuf,
        target: PathBuf,
        key: &str,
        spec: &UploadSpec,
    ) -> Result<Self> {
        refuse_to_replace(&disk, &target, key, spec)?;
        let fault = |error| disk.fault(error);
        let folder = target.parent().unwrap_or(&root);
        let medium = Medium::at(&root).map_err(fault)?;
        if medium.max_file.is_some_and(|most| spec.size > most) {
            return Err(disk.fault(io::ErrorKind::FileTooLarge.into()));
        }
        if medium.free.is_some_and(|free| spec.size > free) {
            return Err(disk.full());
        }
        fs::create_dir_all(folder).map_err(fault)?;
        let temporary = make(folder).map_err(fault)?;
        reserve(&temporary, spec.size)
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
            .map_err(fault)?;
        let session = temporary
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        Ok(Self {
            root,
            target,
            temporary,
            key: key.to_owned(),
            session: session.unwrap_or_default(),
            size: spec.size,
            part_size: spec.part_size,
            overwrite: spec.overwrite,
            disk,
        })
    }

    /// Goes on with a file that was begun.
    pub(super) fn resume(
        disk: Disk,
        root: PathBuf,
        target: PathBuf,
        key: &str,
        spec: &UploadSpec,
        session: &str,
    ) -> Result<Self> {
        let temporary = target.with_file_name(session);
        // The name comes from outside, and must not lead out of the folder.
        if !is_session(session) || !temporary.is_file() {
            return Err(disk.error(ErrorKind::NotFound, "the unfinished file is gone"));
        }
        refuse_to_replace(&disk, &target, key, spec)?;
        Ok(Self {
            disk,
            root,
            target,
            temporary,
            key: key.to_owned(),
            session: session.to_owned(),
            size: spec.size,
            part_size: spec.part_size,
            overwrite: spec.overwrite,
        })
    }

    #[cfg(unix)]
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    #[cfg(unix)]
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }
}

#[async_trait]
impl Upload for FileUpload {
    fn session(&self) -> &str {
        &self.session
    }

    /// Returns when the part has reached the medium: it will be written down that it did.
    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        let offset = u64::from(part) * self.part_size;
        if offset + bytes.len() as u64 > self.size {
            return Err(self.disk.error(
                ErrorKind::Internal,
                format!("part {part} of {} reaches beyond its end", self.key),
            ));
        }
        let path = self.temporary.clone();
        let written = self.disk.run(move || {
            let mut file = File::options().write(true).open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let written = file.write_all(&bytes).and_then(|()| file.sync_data());
            // A medium that is full is not left full of what nobody can use.
            written.inspect_err(|error| {
                if error.kind() == io::ErrorKind::StorageFull {
                    let _ = fs::remove_file(&path);
                }
            })
        });
        written.await.map_err(|error| self.gone(error))?;
        Ok(part.to_string())
    }

    async fn complete(&self, _: &[String], _: &[u8; 16]) -> Result<()> {
        let (root, temporary, target) = (
            self.root.clone(),
            self.temporary.clone(),
            self.target.clone(),
        );
        let (size, overwrite) = (self.size, self.overwrite);
        let published = self.disk.run(move || {
            let file = File::options().write(true).open(&temporary)?;
            if file.metadata()?.len() != size {
                return Err(io::Error::other(
                    "the file does not have the size it should",
                ));
            }
            file.sync_all()?;
            drop(file);
            match publish(&root, &temporary, &target, overwrite) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                done => done.map(|()| true),
            }
        });
        if published.await.map_err(|error| self.gone(error))? {
            Ok(())
        } else {
            Err(is_there(&self.disk, &self.key))
        }
    }

    async fn abort(&self) -> Result<()> {
        let path = self.temporary.clone();
        let removed = self.disk.run(move || match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        });
        removed.await
    }
}

impl FileUpload {
    fn gone(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::NotFound {
            self.disk.error(
                ErrorKind::NotFound,
                format!("the unfinished file of {} is gone", self.key),
            )
        } else {
            error
        }
    }
}

fn refuse_to_replace(disk: &Disk, target: &Path, key: &str, spec: &UploadSpec) -> Result<()> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() => {
            Err(disk.error(ErrorKind::Conflict, format!("{key} is a folder")))
        }
        Ok(_) if !spec.overwrite => Err(is_there(disk, key)),
        _ => Ok(()),
    }
}

fn is_there(disk: &Disk, key: &str) -> Error {
    disk.error(ErrorKind::Conflict, format!("{key} is there already"))
        .hinting("choose another name, or allow it to be replaced with `--overwrite`")
}

/// Makes an empty file with the rights that any new file has.
fn make(folder: &Path) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let (_, path) = builder.tempfile_in(folder)?.keep()?;
    Ok(path)
}

/// Gives the file its size, and its room where the file system can promise that. So a medium that is too small says so
/// now and not after an hour.
fn reserve(path: &Path, size: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    #[cfg(target_os = "linux")]
    if let Ok(length @ 1..) = i64::try_from(size) {
        use nix::{errno::Errno, fcntl};
        match fcntl::fallocate(&file, fcntl::FallocateFlags::empty(), 0, length) {
            Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    file.set_len(size)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::is_session;

    #[test]
    fn sessions_do_not_lead_out_of_the_folder() {
        assert!(is_session(".transship-a1B2.part"));
        for name in [
            "",
            "a",
            ".transship-.part/x",
            ".transship-../x.part",
            ".part",
            ".transship-x",
        ] {
            assert!(!is_session(name), "{name}");
        }
    }
}
