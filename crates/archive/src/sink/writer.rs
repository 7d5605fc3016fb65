//! The stream over all volumes.

use std::sync::Arc;

use transship_oci::{Error, ErrorKind, Result};

use super::{WriteOptions, feed::Feed, there::is_there, volume::OpenVolume};
use crate::{
    Outline, Store, VolumeOutline,
    uploader::{UploadPlan, Uploader, journal::UploadJournal},
};

pub(super) struct Writer {
    store: Arc<dyn Store>,
    keys: Vec<String>,
    outline: Arc<Outline>,
    options: WriteOptions,
    journal: Arc<dyn UploadJournal>,
    /// The volume that is being written; as many as there are when all is done.
    volume: usize,
    open: Option<OpenVolume>,
    /// The first blob that is not written to its end.
    next: usize,
    fault: Option<Error>,
}

impl Writer {
    pub(super) async fn open(
        store: Arc<dyn Store>,
        key: &str,
        outline: Arc<Outline>,
        options: WriteOptions,
        journal: Arc<dyn UploadJournal>,
    ) -> Result<Self> {
        let mut writer = Self {
            store,
            keys: outline.keys(key),
            outline,
            options,
            journal,
            volume: 0,
            open: None,
            next: 0,
            fault: None,
        };
        writer.open_volume().await?;
        Ok(writer)
    }

    /// The first blob that is not written to its end.
    pub(super) fn next_blob(&self) -> usize {
        self.next
    }

    /// Bytes of the volumes of which nothing is written yet.
    pub(super) fn to_come(&self) -> u64 {
        let begun = self.open.as_ref().is_some_and(OpenVolume::is_begun);
        let untouched = self.volume + usize::from(begun);
        let volumes = self.outline.volumes().get(untouched..);
        volumes
            .unwrap_or_default()
            .iter()
            .map(VolumeOutline::size)
            .sum()
    }

    /// Gives up what has just been begun.
    pub(super) async fn abandon(&mut self) {
        if let Some(open) = self.open.take() {
            // The first fault is the one to tell of.
            let _ = open.abandon().await;
        }
    }

    /// Why nothing more can be written.
    pub(super) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// Writes what is missing of blob `number`, all before which are written. Returns how many of its bytes were sent.
    pub(super) async fn write_blob(&mut self, number: usize, mut feed: Feed<'_>) -> Result<u64> {
        self.check()?;
        let size = self.outline.blobs()[number].size;
        if feed.size() != size {
            return Err(Error::new(
                ErrorKind::Internal,
                format!(
                    "blob {} has another size than its outline",
                    feed.blob().descriptor().digest
                ),
            ));
        }
        let written = self.write_pieces(number, &mut feed).await;
        let torn = self.open.as_ref().is_some_and(OpenVolume::is_torn);
        match written {
            // The bad bytes are sent already: nobody is to go on behind them.
            Err(error) if error.kind() == ErrorKind::DigestMismatch => {
                self.abandon().await;
                Err(self.break_off(error))
            }
            Err(error) if torn || self.open.is_none() => Err(self.break_off(error)),
            written => written,
        }
    }

    async fn write_pieces(&mut self, number: usize, feed: &mut Feed<'_>) -> Result<u64> {
        let mut sent = 0;
        loop {
            let open = self.open.as_mut().ok_or_else(stopped)?;
            let stowed = open.outline().stowed();
            // In the order of the stream, and of each blob once at most.
            let file = stowed.binary_search_by_key(&number, |it| it.blob);
            let mut last = false;
            if let Ok(file) = file {
                let stowed = &open.outline().stowed()[file];
                last = stowed.from + stowed.size == feed.size();
                sent += open.write_file(file, feed).await?;
            }
            if last {
                feed.end().await?;
                self.next = number + 1;
                return Ok(sent);
            }
            self.next_volume().await?;
            if self.next > number {
                return Ok(sent);
            }
        }
    }

    /// Writes the rest of the last volume.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.check()?;
        while self.volume < self.keys.len() {
            let open = self.open.as_ref().ok_or_else(stopped)?;
            let missing = open
                .outline()
                .stowed()
                .iter()
                .find(|it| it.blob >= self.next);
            if let Some(missing) = missing {
                return Err(self.missing(missing.blob));
            }
            let closed = self.next_volume().await;
            closed.map_err(|error| self.break_off(error))?;
        }
        Ok(())
    }

    async fn next_volume(&mut self) -> Result<()> {
        if let Some(open) = self.open.take() {
            open.close().await?;
        }
        self.volume += 1;
        self.open_volume().await
    }

    /// Opens the next volume that is not there yet, if there is one. Whoever replaces what is there may do so because
    /// its body is damaged, which a head does not show: then every volume is written.
    async fn open_volume(&mut self) -> Result<()> {
        while let Some(volume) = self.outline.volumes().get(self.volume) {
            let key = &self.keys[self.volume];
            if self.options.overwrite || !is_there(&*self.store, key, volume).await? {
                let open = self.begin(self.volume).await?;
                self.next = self.first_missing(Some(&open));
                self.open = Some(open);
                return Ok(());
            }
            self.volume += 1;
        }
        self.next = self.first_missing(None);
        Ok(())
    }

    async fn begin(&self, volume: usize) -> Result<OpenVolume> {
        let outline = &self.outline.volumes()[volume];
        let uploader = self.uploader(volume).await?;
        let open = OpenVolume::new(outline.clone(), uploader);
        if open.is_sound() {
            return Ok(open);
        }
        open.abandon().await?;
        let fresh = self.uploader(volume).await?;
        Ok(OpenVolume::new(outline.clone(), fresh))
    }

    async fn uploader(&self, volume: usize) -> Result<Uploader> {
        let outline = &self.outline.volumes()[volume];
        let plan = UploadPlan {
            size: outline.size(),
            overwrite: self.options.overwrite,
            metadata: self.options.metadata.clone(),
            fingerprint: outline.fingerprint(),
        };
        let store = Arc::clone(&self.store);
        let key = &self.keys[volume];
        Uploader::open(
            store,
            key,
            &plan,
            &*self.journal,
            self.options.parts_in_flight,
        )
        .await
    }

    /// The first blob that is not written to its end, where the volumes before this one are.
    fn first_missing(&self, open: Option<&OpenVolume>) -> usize {
        let here = open.map(|open| {
            let mut stowed = open.outline().stowed().iter();
            stowed.find(|it| !open.is_past(it)).map(|it| it.blob)
        });
        let behind = self
            .outline
            .volumes()
            .get(self.volume + 1..)
            .unwrap_or_default();
        let behind = behind
            .iter()
            .find_map(|it| it.stowed().first())
            .map(|it| it.blob);
        let missing = here.flatten().or(behind);
        missing.unwrap_or(self.outline.blobs().len())
    }

    fn missing(&self, blob: usize) -> Error {
        let digest = self.outline.blobs()[blob].digest;
        Error::new(
            ErrorKind::Internal,
            format!("the archive is to be completed without blob {digest}"),
        )
    }

    fn check(&self) -> Result<()> {
        self.fault
            .as_ref()
            .map_or(Ok(()), |fault| Err(fault.share()))
    }

    fn break_off(&mut self, error: Error) -> Error {
        self.open = None;
        self.fault.get_or_insert_with(|| error.share());
        error
    }
}

fn stopped() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the archive was stopped while a volume was completed",
    )
}
