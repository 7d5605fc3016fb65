//! The sink that is an archive: what its outline promises, as one stream into a store.

mod feed;
mod index;
mod note;
mod sums;
mod there;
mod turn;
mod volume;
mod writer;

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use tokio::sync::Mutex;
use transship_oci::{
    Blob, Budget, Descriptor, Digest, Error, ErrorKind, Location, Placed, Placement, Presence,
    RawManifest, Referrer, Result, Side, Sink, Source, Tag,
};

use self::{feed::Feed, index::Index, turn::Turn, writer::Writer};
use crate::{Outline, Store, outline::check_room, uploader::journal::UploadJournal};

/// How an archive is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// May it take the place of another? Then nothing of what is there is kept, not even of the same archive.
    pub overwrite: bool,
    /// What to say of every volume, where the store can keep it.
    pub metadata: BTreeMap<String, String>,
    /// How many parts are on their way at once.
    pub parts_in_flight: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            overwrite: false,
            metadata: BTreeMap::new(),
            parts_in_flight: crate::uploader::PARTS_IN_FLIGHT,
        }
    }
}

/// Writes one archive of any number of repositories.
///
/// Blobs start in the order of [`Outline::blobs`]: a blob whose turn has not come waits with its stream open. What a crash
/// left half written is gone on with, part by part; what is there already is not written again. No volume can be seen
/// before it is complete. Bytes that are not those promised end it, and what was sent of that volume is thrown away: the
/// next run begins the volume anew, because behind bad bytes nobody can go on.
pub struct ArchiveSink {
    location: Location,
    index: Index,
    turn: Turn,
    writer: Mutex<Writer>,
}

impl fmt::Debug for ArchiveSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveSink")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl ArchiveSink {
    /// Begins to write an archive under `key`, or goes on with it. Several volumes get names of their own.
    ///
    /// # Errors
    /// `Conflict` when something else is there and may not be replaced, `Invalid` when the store cannot take the
    /// archive; what the store and the journal say.
    pub async fn open(
        store: Arc<dyn Store>,
        key: &str,
        outline: Arc<Outline>,
        options: WriteOptions,
        journal: Arc<dyn UploadJournal>,
    ) -> Result<Self> {
        let location = Location::Local(format!("{}/{key}", store.location()));
        let place = |error: Error| error.on(Side::Target).at(&location);
        let capacity = store.capacity().await.map_err(place)?;
        outline.fit_files(&capacity).map_err(place)?;
        let index = Index::of(&outline);
        let writer = Writer::open(store, key, outline, options, journal).await;
        let mut writer = writer.map_err(place)?;
        // Not before: what an earlier run has written, or has room for, is not needed again.
        if let Err(error) = check_room(&capacity, writer.to_come()) {
            writer.abandon().await;
            return Err(place(error));
        }
        let turn = Turn::new(writer.next_blob());
        Ok(Self {
            location,
            index,
            turn,
            writer: Mutex::new(writer),
        })
    }

    fn place(&self, error: Error) -> Error {
        error.on(Side::Target).at(&self.location)
    }

    fn unknown(&self, what: &str, digest: &Digest) -> Error {
        self.place(Error::new(
            ErrorKind::Internal,
            format!("{what} {digest} is not in the outline of the archive"),
        ))
    }

    /// Writes blob `number`, whose turn it is, unless somebody else has by now.
    async fn write(&self, number: usize, feed: Feed<'_>) -> Result<Placed> {
        let mut writer = self.writer.lock().await;
        if self.turn.is_past(number) {
            return Ok(Placed::Present);
        }
        let written = writer.write_blob(number, feed).await;
        match (&written, writer.fault()) {
            (_, Some(fault)) => self.turn.stop(fault),
            (Ok(_), None) => self.turn.pass(writer.next_blob()),
            // Another try may go on where this one stopped.
            (Err(_), None) => {}
        }
        written.map(Placed::Sent)
    }

    fn presence(&self, node: &Descriptor) -> Presence {
        let digest = &node.digest;
        let here = if let Some(number) = self.index.blob(digest) {
            self.turn.is_past(number)
        } else if self.index.manifest(digest).is_some() {
            self.index.is_put(digest)
        } else {
            self.index.is_elsewhere(digest)
        };
        if here {
            Presence::Present
        } else {
            Presence::Absent
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Sink for ArchiveSink {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        Ok(nodes.iter().map(|node| self.presence(node)).collect())
    }

    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        Ok(self.index.tagged(tag))
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        let found = self.index.manifest(&node.digest);
        found
            .filter(|_| self.index.is_put(&node.digest))
            .cloned()
            .ok_or_else(|| {
                let message = format!("manifest {} is not there", node.digest);
                self.place(Error::new(ErrorKind::NotFound, message))
            })
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        Ok(self.index.referrers(subject))
    }

    async fn put_blob(&self, blob: &dyn Blob, _: &Placement) -> Result<Placed> {
        let digest = blob.descriptor().digest;
        let Some(number) = self.index.blob(&digest) else {
            let elsewhere = self.index.is_elsewhere(&digest);
            let elsewhere = elsewhere || self.index.manifest(&digest).is_some();
            return if elsewhere {
                Ok(Placed::Present)
            } else {
                Err(self.unknown("blob", &digest))
            };
        };
        let mut feed = Feed::new(blob);
        if self.turn.is_to_come(number) {
            // Opened already, so that the distance to the source costs nothing when the turn comes.
            feed.warm_up().await?;
        }
        if self
            .turn
            .wait(number)
            .await
            .map_err(|error| self.place(error))?
        {
            self.write(number, feed).await
        } else {
            Ok(Placed::Present)
        }
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        if self.index.put(&manifest.digest()) {
            return Ok(());
        }
        Err(self.unknown("manifest", &manifest.digest()))
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        self.put_manifest(manifest).await?;
        let unknown = tags
            .iter()
            .find(|tag| !self.index.has_tag(tag, &manifest.digest()));
        unknown.map_or(Ok(()), |tag| {
            Err(self.unknown(&format!("tag {tag} of"), &manifest.digest()))
        })
    }

    fn reader(&self) -> Option<&dyn Source> {
        None
    }

    async fn finish(&self) -> Result<()> {
        let mut writer = self.writer.lock().await;
        let finished = writer.finish().await;
        if let Some(fault) = writer.fault() {
            self.turn.stop(fault);
        }
        finished.map_err(|error| self.place(error))
    }
}

#[cfg(test)]
pub(crate) mod tests;
