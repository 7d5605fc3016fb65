//! Giving a finished file its name, so that after a crash the old is there or the new, whole.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Gives `temporary` its name. When the name is taken and `overwrite` is not said, nothing has happened: there is no
/// moment in which two writers could both find it free.
pub(super) fn publish(
    root: &Path,
    temporary: &Path,
    target: &Path,
    overwrite: bool,
) -> io::Result<()> {
    if overwrite {
        fs::rename(temporary, target)?;
    } else {
        rename_unless_taken(temporary, target)?;
    }
    sync_folders(root, target)
}

fn rename_unless_taken(temporary: &Path, target: &Path) -> io::Result<()> {
    let mut path = tempfile::TempPath::try_from_path(temporary)?;
    // Whoever was too late may still want to replace what was faster.
    path.disable_cleanup(true);
    match path.persist_noclobber(target) {
        Ok(()) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(error.error),
        Err(_) => take_name(temporary, target),
    }
}

/// For file systems that know neither a renaming that replaces nothing nor a second name for a file: the name is taken
/// first, by an empty file.
fn take_name(temporary: &Path, target: &Path) -> io::Result<()> {
    File::create_new(target)?;
    fs::rename(temporary, target).inspect_err(|_| {
        let _ = fs::remove_file(target);
    })
}

/// Brings the new name to the medium, and those of the folders that were made for it.
#[cfg(unix)]
fn sync_folders(root: &Path, target: &Path) -> io::Result<()> {
    for folder in target.ancestors().skip(1) {
        File::open(folder)?.sync_all()?;
        if folder == root {
            break;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn sync_folders(_: &Path, _: &Path) -> io::Result<()> {
    // A folder cannot be opened there.
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::ErrorKind};

    use super::{publish, rename_unless_taken, take_name};

    #[test]
    fn a_name_that_is_taken_stays_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (temporary, target) = (root.join("t"), root.join("name"));
        for take in [rename_unless_taken, take_name] {
            fs::write(&target, "old").unwrap();
            fs::write(&temporary, "new").unwrap();
            let error = take(&temporary, &target).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&target).unwrap(), b"old");
            assert_eq!(fs::read(&temporary).unwrap(), b"new");
            fs::remove_file(&target).unwrap();
            take(&temporary, &target).unwrap();
            assert_eq!(fs::read(&target).unwrap(), b"new");
            assert!(!temporary.exists());
        }
        fs::write(&temporary, "newer").unwrap();
        publish(root, &temporary, &target, true).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"newer");
    }

    #[test]
    fn a_name_is_given_back_when_there_is_nothing_to_give_it_to() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("t"), folder.path().join("name"));
        assert!(take_name(&temporary, &target).is_err());
        assert!(!target.exists());
    }
}
