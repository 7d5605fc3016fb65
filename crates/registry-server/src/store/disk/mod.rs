//! Repositories on disk: an OCI image layout each.
//!
//! ```text
//! DIR/.lock                      held while a registry uses DIR
//! DIR/library/app/oci-layout     the repository library/app
//! DIR/library/app/index.json     every manifest, once a tag, and once if it has none
//! DIR/library/app/blobs/sha256/  all content
//! DIR/library/app/.uploads/      what is not content yet
//! ```
//!
//! Nothing is ever written in place. A file gets its name after its bytes are on the disk, and a manifest is listed after
//! its file has its name; so a process may be killed at any instant, and a layout is whole at all times.

mod files;
mod layout;
mod load;
mod names;
mod read;
mod repository;
mod upload;

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::OnceCell;
use transship_oci::{Digest, Error, ErrorKind, Result};

use super::{Store, StoredRepository};
use files::{blocking, unavailable};
pub use repository::DiskRepository;

type Slot = Arc<OnceCell<Arc<DiskRepository>>>;

/// A store in a folder.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    open: Mutex<HashMap<String, Slot>>,
    /// What a registry remembers of its folder holds only while nobody else writes there.
    _lock: File,
}

impl Disk {
    /// Opens a folder, made if it does not exist.
    ///
    /// # Errors
    /// `Conflict` when another process serves it, `Unavailable` when the disk does not answer.
    pub async fn open(root: &Path) -> Result<Arc<Self>> {
        let root = root.to_owned();
        blocking(move || {
            std::fs::create_dir_all(&root).map_err(|cause| unavailable(&root, cause))?;
            let path = root.join(".lock");
            let lock = File::create(&path).map_err(|cause| unavailable(&path, cause))?;
            lock.try_lock().map_err(|cause| match cause {
                std::fs::TryLockError::WouldBlock => {
                    let message = "another registry has this folder open";
                    Error::new(ErrorKind::Conflict, message)
                        .at(root.display())
                        .hinting("stop the other one first, or serve another folder")
                }
                std::fs::TryLockError::Error(cause) => unavailable(&path, cause),
            })?;
            Ok(Arc::new(Self {
                root,
                open: Mutex::default(),
                _lock: lock,
            }))
        })
        .await
    }

    async fn repository(&self, name: &str) -> Result<Arc<DiskRepository>> {
        let slot = self.slot(name);
        let folder = names::folder(&self.root, name);
        let repository = slot.get_or_try_init(|| DiskRepository::open(&folder)).await;
        repository.cloned()
    }

    fn slot(&self, name: &str) -> Slot {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(name.to_owned()).or_default())
    }

    /// Is it open already? Spares the look at the disk.
    fn is_open(&self, name: &str) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(name).is_some_and(|slot| slot.initialized())
    }
}

#[async_trait]
impl Store for Disk {
    async fn names(&self) -> Result<Vec<String>> {
        let root = self.root.clone();
        blocking(move || names::list(&root).map_err(|cause| unavailable(&root, cause))).await
    }

    async fn open(&self, name: &str) -> Result<Option<Arc<dyn StoredRepository>>> {
        if !self.is_open(name) {
            let index = names::folder(&self.root, name).join(layout::INDEX);
            match tokio::fs::metadata(&index).await {
                Ok(_) => {}
                Err(cause) if is_absent(&cause) => return Ok(None),
                Err(cause) => return Err(unavailable(&index, cause)),
            }
        }
        Ok(Some(self.repository(name).await?))
    }

    async fn create(&self, name: &str) -> Result<Arc<dyn StoredRepository>> {
        Ok(self.repository(name).await?)
    }

    async fn link(&self, blob: &Digest, from: &str, to: &str) -> Result<bool> {
        let source = files::blob(&names::folder(&self.root, from), blob);
        match tokio::fs::metadata(&source).await {
            Ok(_) => {}
            Err(cause) if is_absent(&cause) => return Ok(false),
            Err(cause) => return Err(unavailable(&source, cause)),
        }
        self.repository(to).await?.link(source, blob).await
    }
}

fn is_absent(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
