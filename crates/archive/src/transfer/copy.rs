//! One object from one store to another.

use std::{collections::BTreeMap, fmt, sync::Arc};

use transship_oci::{Digest, Error, ErrorKind, Result, Side};

use super::{fetch::fetch, same::same, steady::Steady};
use crate::{
    store::{Stat, Store},
    uploader::{PARTS_IN_FLIGHT, UploadPlan, Uploader, journal::UploadJournal},
};

/// How to copy.
#[derive(Clone)]
pub struct CopyOptions {
    /// May what is there be replaced?
    pub overwrite: bool,
    /// What to say of the copy; what is said of the original where this is `None`.
    pub metadata: Option<BTreeMap<String, String>>,
    /// How many parts are in flight at once.
    pub parts_in_flight: usize,
    /// Where an upload that is cut is remembered.
    pub journal: Arc<dyn UploadJournal>,
    /// Told of every step.
    pub watch: Arc<dyn Fn(&CopyStep) + Send + Sync>,
}

impl CopyOptions {
    /// Replaces nothing, and keeps what was said of the original.
    pub fn new(journal: Arc<dyn UploadJournal>) -> Self {
        Self {
            overwrite: false,
            metadata: None,
            parts_in_flight: PARTS_IN_FLIGHT,
            journal,
            watch: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for CopyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOptions")
            .field("overwrite", &self.overwrite)
            .field("metadata", &self.metadata)
            .field("parts_in_flight", &self.parts_in_flight)
            .finish_non_exhaustive()
    }
}

/// What happens on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyStep {
    /// An object is on its way.
    Started {
        /// Its name at the source.
        key: String,
        /// Its name at the target.
        to: String,
        /// All of its bytes.
        size: u64,
        /// Where an earlier copy, that was cut, is gone on with.
        offset: u64,
    },
    /// So many bytes more were handed over.
    Moved(u64),
    /// The object is there.
    Done(Copied),
}

/// An object that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its name at the target.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// How it came there.
    pub how: How,
}

/// How an object came to be at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was there, with the same bytes.
    Present,
    /// It was sent; so many of its bytes in this run.
    Sent(u64),
    /// The target fetched it from the source by itself.
    Fetched,
}

/// Copies the object `key` to `to_key`, with its metadata and its checksum, which is checked before the copy is visible. A
/// copy that was cut goes on where it stopped. Where the target can fetch the object from the source by itself, it does:
/// what it says of the copy is compared then.
///
/// # Errors
/// `NotFound` when there is no such object; `Drift` when it changes meanwhile; `DigestMismatch` when what came does not
/// have the checksum that the source keeps; `Conflict` when something else is there and may not be replaced.
pub async fn copy(
    from: &dyn Store,
    key: &str,
    to: &Arc<dyn Store>,
    to_key: &str,
    options: &CopyOptions,
) -> Result<Copied> {
    let stat = look(from, key).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no {key}"))
            .on(Side::Source)
            .at(from.location())
    })?;
    let how = place(from, &stat, to, to_key, options).await?;
    let copied = Copied {
        key: to_key.to_owned(),
        size: stat.size,
        how,
    };
    (options.watch)(&CopyStep::Done(copied.clone()));
    Ok(copied)
}

/// What the source says of `key`.
pub(super) async fn look(from: &dyn Store, key: &str) -> Result<Option<Stat>> {
    let stat = from.stat(key).await;
    stat.map_err(|error| error.on(Side::Source).at(from.location()))
}

async fn place(
    from: &dyn Store,
    stat: &Stat,
    to: &Arc<dyn Store>,
    to_key: &str,
    options: &CopyOptions,
) -> Result<How> {
    let there = match to.stat(to_key).await {
        // Whoever may only write finds out at the end.
        Err(error) if error.kind() == ErrorKind::Denied => None,
        there => there.map_err(|error| error.on(Side::Target).at(to.location()))?,
    };
    // Without leave to replace it, it is worth a reading to tell the same from something else.
    if let Some(there) = there
        && same((from, stat), (&**to, &there), !options.overwrite).await?
    {
        return Ok(How::Present);
    }
    let plan = UploadPlan {
        size: stat.size,
        overwrite: options.overwrite,
        metadata: options
            .metadata
            .clone()
            .unwrap_or_else(|| stat.metadata.clone()),
        fingerprint: fingerprint(from, stat),
    };
    if fetch((from, stat), &**to, to_key, (&plan, options)).await? {
        return Ok(How::Fetched);
    }
    send((from, stat), to, to_key, (&plan, options)).await
}

/// Sends the bytes through this machine.
async fn send(
    (from, stat): (&dyn Store, &Stat),
    to: &Arc<dyn Store>,
    to_key: &str,
    (plan, options): (&UploadPlan, &CopyOptions),
) -> Result<How> {
    let uploader = Uploader::open(
        Arc::clone(to),
        to_key,
        plan,
        &*options.journal,
        options.parts_in_flight,
    );
    let mut uploader = uploader.await?;
    let offset = uploader.offset();
    (options.watch)(&CopyStep::Started {
        key: stat.key.clone(),
        to: to_key.to_owned(),
        size: stat.size,
        offset,
    });
    if let Some(md5) = stat.md5 {
        uploader.expect(md5);
    }
    let mut reading = Steady::new(from, stat, offset);
    while let Some(bytes) = reading
        .next()
        .await
        .map_err(|error| error.on(Side::Source))?
    {
        let moved = bytes.len() as u64;
        uploader.push(bytes, &|| None).await?;
        (options.watch)(&CopyStep::Moved(moved));
    }
    uploader.finish().await?;
    Ok(How::Sent(stat.size - offset))
}

/// What settles the bytes of an object of which nothing else is known: its checksum, wherever it lies, or else where it
/// lies and when it was written.
fn fingerprint(from: &dyn Store, stat: &Stat) -> Digest {
    let said = match stat.md5 {
        Some(md5) => format!("{} {md5:?}", stat.size),
        None => format!(
            "{}\n{}\n{}\n{:?}\n{:?}",
            from.location(),
            stat.key,
            stat.size,
            stat.etag,
            stat.modified
        ),
    };
    Digest::sha256(said.as_bytes())
}
