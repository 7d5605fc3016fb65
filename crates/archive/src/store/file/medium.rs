//! What a file system can hold.

use std::{io, path::Path};

/// What there is to know of the file system under a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Medium {
    /// Bytes free to us.
    pub(super) free: Option<u64>,
    /// The largest file, where that is less than anybody wants.
    pub(super) max_file: Option<u64>,
}

impl Medium {
    /// Asks the system.
    #[cfg(target_os = "linux")]
    pub(super) fn at(folder: &Path) -> io::Result<Self> {
        use nix::sys::{statfs::statfs, statvfs::statvfs};
        let room = statvfs(folder)?;
        let kind = statfs(folder)?.filesystem_type();
        Ok(Self {
            free: Some(room.blocks_available().saturating_mul(room.fragment_size())),
            max_file: largest_file(kind),
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn at(_: &Path) -> io::Result<Self> {
        Ok(Self {
            free: None,
            max_file: None,
        })
    }
}

/// The largest file of a file system of this kind: FAT counts a file's bytes in 32 bits. exFAT does not.
#[cfg(target_os = "linux")]
fn largest_file(kind: nix::sys::statfs::FsType) -> Option<u64> {
    (kind == nix::sys::statfs::MSDOS_SUPER_MAGIC).then_some(u64::from(u32::MAX))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use nix::sys::statfs::FsType;

    use super::{Medium, largest_file};

    #[test]
    fn fat_holds_files_of_less_than_4_gib() {
        let [fat, exfat, ext4] = [0x4d44, 0x2011_bab0, 0xef53].map(FsType);
        assert_eq!(largest_file(fat), Some((4 << 30) - 1));
        assert_eq!([exfat, ext4].map(largest_file), [None, None]);
    }

    #[test]
    fn the_system_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let medium = Medium::at(folder.path()).unwrap();
        assert!(medium.free.unwrap() > 0);
        assert!(Medium::at(&folder.path().join("none")).is_err());
    }
}
