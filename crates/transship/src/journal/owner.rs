//! Whose an entry is: a lock that ends with the process that holds it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// This process among those that share a journal.
#[derive(Debug)]
pub(super) struct Owner {
    folder: PathBuf,
    name: String,
    /// Held from the first checkpoint to the end of the process.
    lock: Mutex<Option<File>>,
}

impl Owner {
    pub(super) fn new(folder: PathBuf, name: String) -> Self {
        Self {
            folder,
            name,
            lock: Mutex::new(None),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes it known that this process lives.
    pub(super) fn claim(&self) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            super::make_private(&self.folder)?;
            // Locked before it has its name: nobody sees it unlocked while this process lives.
            let early = self.folder.join(format!(".{}", self.name));
            let file = File::create(&early)?;
            file.lock()?;
            fs::rename(&early, self.folder.join(&self.name))?;
            *lock = Some(file);
        }
        Ok(())
    }

    /// Is the process called `name` another one that still lives?
    pub(super) fn is_another_alive(&self, name: &str) -> bool {
        if name == self.name || !is_name(name) {
            return false;
        }
        let path = self.folder.join(name);
        let Ok(file) = File::open(&path) else {
            return false;
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => true,
            // It is gone and will not come back: names are never used twice.
            Ok(()) => {
                let _ = fs::remove_file(&path);
                false
            }
            // A file system without locks: resuming wrongly is found out by the registry, never resuming is not.
            Err(TryLockError::Error(_)) => false,
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let lock = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner);
        if lock.take().is_some() {
            let _ = fs::remove_file(self.folder.join(&self.name));
        }
    }
}

/// The name comes from a file: it must not lead out of the folder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
}
