//! A store in memory, for tests and for what is too short-lived for a disk.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream, stream::BoxStream};
use md5::{Digest as _, Md5};
use transship_oci::{Error, ErrorKind, Result};

use super::{Capacity, HeldPart, Opened, Stat, Store, Upload, UploadSpec};

/// A store in memory. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Memory {
    location: String,
    capacity: Capacity,
    lists_parts: bool,
    keeps_md5: bool,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Debug, Default)]
struct Desk {
    objects: BTreeMap<String, Object>,
    sessions: BTreeMap<String, Session>,
    /// Counts versions and sessions.
    count: u64,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Bytes,
    stat: Stat,
}

#[derive(Debug)]
struct Session {
    spec: UploadSpec,
    parts: BTreeMap<u32, Bytes>,
}

impl Memory {
    /// An empty store that takes parts of any size.
    pub fn new(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            capacity: Capacity {
                min_part: 1,
                max_part: u64::MAX,
                max_parts: 50_000,
                max_object: None,
                free: None,
            },
            lists_parts: true,
            keeps_md5: true,
            desk: Arc::default(),
        }
    }

    /// The same with other limits.
    pub fn with_capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// The same, but it cannot tell which parts of an upload it has.
    pub fn without_part_lists(mut self) -> Self {
        self.lists_parts = false;
        self
    }

    /// The same, but it does not keep the checksum of the whole.
    pub fn without_checksums(mut self) -> Self {
        self.keeps_md5 = false;
        self
    }

    /// The bytes of an object.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        let desk = self.desk();
        desk.objects.get(key).map(|object| object.bytes.clone())
    }

    /// Puts an object there, as if somebody else had.
    pub fn insert(&self, key: &str, bytes: impl Into<Bytes>, metadata: BTreeMap<String, String>) {
        let object = (key, bytes.into(), metadata);
        self.desk().place(object, self.keeps_md5);
    }

    /// How many uploads are neither complete nor aborted.
    pub fn open_sessions(&self) -> usize {
        self.desk().sessions.len()
    }

    /// Forgets all uploads that are not complete, as stores do after some days.
    pub fn forget_sessions(&self) {
        self.desk().sessions.clear();
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn place(
        &mut self,
        (key, bytes, metadata): (&str, Bytes, BTreeMap<String, String>),
        keeps_md5: bool,
    ) {
        self.count += 1;
        let stat = Stat {
            key: key.to_owned(),
            size: bytes.len() as u64,
            etag: Some(format!("\"{}\"", self.count)),
            md5: keeps_md5.then(|| Md5::digest(&bytes).into()),
            modified: None,
            metadata,
        };
        self.objects.insert(key.to_owned(), Object { bytes, stat });
    }

    fn session(&mut self, name: &str) -> Result<&mut Session> {
        self.sessions.get_mut(name).ok_or_else(gone)
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "the upload is not known any more")
}

fn is_there(key: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{key} is there already"))
        .hinting("choose another name, or allow it to be replaced with `--overwrite`")
}

#[async_trait]
impl Store for Memory {
    fn location(&self) -> &str {
        &self.location
    }

    async fn capacity(&self) -> Result<Capacity> {
        Ok(self.capacity)
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let desk = self.desk();
        Ok(desk.objects.get(key).map(|object| object.stat.clone()))
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        let desk = self.desk();
        let Object { bytes, stat } = desk
            .objects
            .get(key)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("{key} is not there")))?;
        if etag.is_some() && etag != stat.etag.as_deref() {
            return Err(Error::new(
                ErrorKind::Drift,
                format!("{key} is not what it was when it was opened"),
            ));
        }
        let end = usize::try_from(range.end).map_or(bytes.len(), |end| end.min(bytes.len()));
        let start = usize::try_from(range.start).map_or(end, |start| start.min(end));
        let (bytes, whole) = (bytes.slice(start..end), stat.clone());
        // In several pieces, as from a wire.
        let pieces = (0..bytes.len())
            .step_by(64 << 10)
            .map(move |at| Ok(bytes.slice(at..(at + (64 << 10)).min(bytes.len()))));
        Ok(Opened {
            stat: whole,
            bytes: stream::iter(pieces).boxed(),
        })
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        let desk = self.desk();
        let found: Vec<_> = desk
            .objects
            .values()
            .filter(|object| object.stat.key.starts_with(prefix))
            .map(|object| Ok(object.stat.clone()))
            .collect();
        stream::iter(found).boxed()
    }

    async fn upload(&self, key: &str, spec: &UploadSpec) -> Result<Box<dyn Upload>> {
        let mut desk = self.desk();
        if !spec.overwrite && desk.objects.contains_key(key) {
            return Err(is_there(key));
        }
        let session = if let Some(session) = &spec.session {
            desk.session(session)?;
            session.clone()
        } else {
            desk.count += 1;
            let session = format!("memory-{}", desk.count);
            let begun = Session {
                spec: spec.clone(),
                parts: BTreeMap::new(),
            };
            desk.sessions.insert(session.clone(), begun);
            session
        };
        Ok(Box::new(MemoryUpload {
            store: self.clone(),
            key: key.to_owned(),
            overwrite: spec.overwrite,
            session,
        }))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.desk().objects.remove(key);
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryUpload {
    store: Memory,
    key: String,
    overwrite: bool,
    session: String,
}

#[async_trait]
impl Upload for MemoryUpload {
    fn session(&self) -> &str {
        &self.session
    }

    async fn put(&self, part: u32, bytes: Bytes) -> Result<String> {
        let mut desk = self.store.desk();
        let session = desk.session(&self.session)?;
        session.parts.insert(part, bytes);
        Ok(receipt(part))
    }

    async fn held(&self) -> Result<Option<Vec<HeldPart>>> {
        if !self.store.lists_parts {
            return Ok(None);
        }
        let mut desk = self.store.desk();
        let parts = &desk.session(&self.session)?.parts;
        let held = parts.iter().map(|(part, bytes)| HeldPart {
            part: *part,
            size: bytes.len() as u64,
            receipt: receipt(*part),
        });
        Ok(Some(held.collect()))
    }

    async fn complete(&self, parts: &[String], md5: &[u8; 16]) -> Result<()> {
        let mut desk = self.store.desk();
        if !self.overwrite && desk.objects.contains_key(&self.key) {
            return Err(is_there(&self.key));
        }
        let session = desk.session(&self.session)?;
        let mut whole = BytesMut::new();
        for (part, bytes) in &session.parts {
            if parts.get(*part as usize) != Some(&receipt(*part)) {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    format!("part {part} is not in the list"),
                ));
            }
            whole.extend_from_slice(bytes);
        }
        if Md5::digest(&whole)[..] != md5[..] {
            return Err(Error::new(
                ErrorKind::DigestMismatch,
                format!(
                    "the parts of {} do not have the checksum that was given",
                    self.key
                ),
            ));
        }
        let metadata = session.spec.metadata.clone();
        desk.sessions.remove(&self.session);
        let object = (&*self.key, whole.freeze(), metadata);
        desk.place(object, self.store.keeps_md5);
        Ok(())
    }

    async fn abort(&self) -> Result<()> {
        self.store.desk().sessions.remove(&self.session);
        Ok(())
    }
}

fn receipt(part: u32) -> String {
    format!("part-{part}")
}
