//! One repository on disk. Its index is held in memory and written whole, for many changes at once where many wait.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use async_trait::async_trait;
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use transship_oci::{
    Algorithm, ByteStream, Descriptor, Digest, Error, ErrorKind, Name, RawManifest, Result, Tag,
};

use super::{
    files::{self, blocking, unavailable},
    is_absent, layout, load, read,
    upload::DiskUpload,
};
use crate::store::{
    Expect, StoredRepository, Upload,
    index::{Change, Entry, Index},
    listed,
};

/// One repository on disk: an OCI image layout.
#[derive(Debug)]
pub struct DiskRepository(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// What is on the disk. Never ahead of it.
    index: RwLock<Arc<Index>>,
    waiting: Mutex<Vec<Waiting>>,
    writer: Arc<AsyncMutex<()>>,
}

/// A change that is not on the disk yet, and who wants to hear of it.
#[derive(Debug)]
struct Waiting {
    change: Change,
    done: oneshot::Sender<Result<bool>>,
}

impl DiskRepository {
    /// Opens a layout, made if there is none.
    ///
    /// # Errors
    /// `Corrupt` when its index cannot be read, `Unavailable` when the disk does not answer.
    pub async fn open(folder: &Path) -> Result<Arc<Self>> {
        let folder = folder.to_owned();
        blocking(move || {
            let index = load::open(&folder)?;
            Ok(Arc::new(Self(Arc::new(Inner {
                folder,
                index: RwLock::new(Arc::new(index)),
                waiting: Mutex::default(),
                writer: Arc::default(),
            }))))
        })
        .await
    }

    /// Gives it a file that another repository has, as a second name for the same bytes where the file system can.
    pub(super) async fn link(&self, source: PathBuf, blob: &Digest) -> Result<bool> {
        let inner = Arc::clone(&self.0);
        let target = files::blob(&inner.folder, blob);
        blocking(move || {
            let linked = files::make_parent(&target)
                .and_then(|()| link_or_copy(&inner.folder, &source, &target))
                .and_then(|()| files::sync_parent(&target));
            match linked {
                Ok(()) => Ok(true),
                // It was deleted meanwhile.
                Err(cause) if is_absent(&cause) => Ok(false),
                Err(cause) => Err(unavailable(&target, cause)),
            }
        })
        .await
    }

    fn index(&self) -> Arc<Index> {
        self.0.index()
    }

    /// Makes a change, and returns when it is on the disk.
    async fn change(&self, change: Change) -> Result<bool> {
        let (done, mut outcome) = oneshot::channel();
        self.0.waiting().push(Waiting { change, done });
        let turn = Arc::clone(&self.0.writer).lock_owned().await;
        // Whoever had the turn before may have written this change along with others.
        if let Ok(outcome) = outcome.try_recv() {
            return outcome;
        }
        let inner = Arc::clone(&self.0);
        blocking(move || {
            inner.write();
            drop(turn);
            Ok(())
        })
        .await?;
        outcome
            .await
            .map_err(|_| Error::new(ErrorKind::Internal, "a change of the index was lost"))?
    }
}

impl Inner {
    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all changes that wait. The caller has the turn.
    fn write(&self) {
        let mut waiting = std::mem::take(&mut *self.waiting());
        // Who gave up waiting has been told nothing, and must not find it done an hour later.
        waiting.retain(|waiting| !waiting.done.is_closed());
        let mut next = Index::clone(&self.index());
        let outcomes: Vec<_> = waiting
            .iter()
            .map(|waiting| next.apply(&waiting.change))
            .collect();
        let changed = outcomes.iter().any(|outcome| matches!(outcome, Ok(true)));
        let kept = if changed { self.keep(next) } else { Ok(()) };
        for (waiting, outcome) in waiting.into_iter().zip(outcomes) {
            let outcome = match &kept {
                Ok(()) => outcome,
                Err(cause) => Err(cause.share()),
            };
            let _ = waiting.done.send(outcome);
        }
    }

    fn keep(&self, next: Index) -> Result<()> {
        let bytes = layout::write(&next)?;
        files::write(&self.folder, &self.folder.join(layout::INDEX), &bytes)?;
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }
}

#[async_trait]
impl StoredRepository for DiskRepository {
    async fn find(&self, name: &Name) -> Result<Option<Descriptor>> {
        Ok(self.index().find(name))
    }

    async fn manifest(&self, digest: &Digest) -> Result<Option<RawManifest>> {
        let Some(descriptor) = self.index().find(&Name::Digest(*digest)) else {
            return Ok(None);
        };
        let inner = Arc::clone(&self.0);
        blocking(move || load::manifest(&inner.folder, &descriptor)).await
    }

    async fn manifests(&self) -> Result<Vec<Descriptor>> {
        Ok(self.index().manifests().cloned().collect())
    }

    async fn tags(&self, after: Option<&str>, limit: usize) -> Result<Vec<Tag>> {
        Ok(self.index().tags(after, limit))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        Ok(self.index().referrers(subject))
    }

    async fn has_referrers(&self) -> Result<bool> {
        Ok(self.index().has_referrers())
    }

    async fn size(&self, blob: &Digest) -> Result<Option<u64>> {
        let path = files::blob(&self.0.folder, blob);
        match tokio::fs::metadata(&path).await {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(cause) if is_absent(&cause) => Ok(None),
            Err(cause) => Err(unavailable(&path, cause)),
        }
    }

    async fn blobs(&self) -> Result<Vec<Digest>> {
        let (folder, index) = (self.0.folder.clone(), self.index());
        let listed =
            blocking(move || files::list(&folder).map_err(|cause| unavailable(&folder, cause)));
        let mut blobs = listed.await?;
        blobs.retain(|digest| !index.has(digest));
        Ok(blobs)
    }

    async fn read(&self, blob: &Digest, range: Range<u64>) -> Result<ByteStream> {
        read::open(files::blob(&self.0.folder, blob), *blob, range).await
    }

    async fn put(&self, manifest: &RawManifest, tags: &[Tag], expect: Expect) -> Result<()> {
        let change = Change::Put {
            entry: Arc::new(Entry::of(manifest)?),
            tags: tags.to_vec(),
            expect,
        };
        let (inner, bytes) = (Arc::clone(&self.0), manifest.bytes().clone());
        let path = files::blob(&self.0.folder, &manifest.digest());
        blocking(move || {
            // Written again where the disk has lost or changed it: a push mends.
            if fs::read(&path).is_ok_and(|had| had == bytes) {
                return Ok(());
            }
            files::make_parent(&path).map_err(|cause| unavailable(&path, cause))?;
            files::write(&inner.folder, &path, &bytes)
        })
        .await?;
        self.change(change).await.map(drop)
    }

    async fn delete_manifest(&self, digest: &Digest) -> Result<bool> {
        self.change(Change::Delete(*digest)).await
    }

    async fn delete_tag(&self, tag: &Tag) -> Result<bool> {
        self.change(Change::Untag(tag.clone())).await
    }

    async fn delete_blob(&self, blob: &Digest) -> Result<bool> {
        if self.index().has(blob) {
            return Err(listed(blob));
        }
        let path = files::blob(&self.0.folder, blob);
        blocking(move || {
            let removed = fs::remove_file(&path).and_then(|()| files::sync_parent(&path));
            match removed {
                Ok(()) => Ok(true),
                Err(cause) if is_absent(&cause) => Ok(false),
                Err(cause) => Err(unavailable(&path, cause)),
            }
        })
        .await
    }

    async fn start(&self, id: &str, algorithm: Algorithm) -> Result<Box<dyn Upload>> {
        let (folder, id) = (self.0.folder.clone(), id.to_owned());
        let upload = blocking(move || DiskUpload::start(folder, &id, algorithm)).await?;
        Ok(Box::new(upload))
    }

    async fn resume(&self, id: &str) -> Result<Option<Box<dyn Upload>>> {
        let (folder, id) = (self.0.folder.clone(), id.to_owned());
        let upload = blocking(move || DiskUpload::resume(folder, &id)).await?;
        Ok(upload.map(|upload| Box::new(upload) as _))
    }
}

/// A second name for a file; a copy where there can be none, as between file systems.
fn link_or_copy(folder: &Path, source: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(source, target) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) if is_absent(&cause) => Err(cause),
        Err(_) => {
            let temporary = files::temporary(folder);
            fs::copy(source, &temporary)?;
            fs::File::open(&temporary)?.sync_data()?;
            files::publish(&temporary, target)
        }
    }
}
