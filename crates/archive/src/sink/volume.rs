//! One volume on its way.

use bytes::{Bytes, BytesMut};
use transship_oci::{Blob, Error, ErrorKind, Result};

use super::{feed::Feed, note::Note, sums::Sums};
use crate::{
    layout,
    outline::{Stowed, VolumeOutline},
    tar::write,
    uploader::Uploader,
};

pub(super) struct OpenVolume {
    outline: VolumeOutline,
    uploader: Uploader,
    sums: Sums,
    /// What was remembered where the upload was taken up.
    note: Note,
    /// Bytes are being given to the uploader. One that is found set was set by a call that never came back, and nobody
    /// knows what became of its bytes.
    torn: bool,
}

impl OpenVolume {
    pub(super) fn new(outline: VolumeOutline, uploader: Uploader) -> Self {
        let note = uploader.note().map(Note::parse).unwrap_or_default();
        Self {
            sums: Sums::of(&note),
            note,
            outline,
            uploader,
            torn: false,
        }
    }

    /// Can it be gone on with? Not where the checksum of a part is lost that was sent already.
    pub(super) fn is_sound(&self) -> bool {
        let mut parts = self.outline.stowed().iter().enumerate();
        parts.all(|(file, it)| !it.part || !self.is_past(it) || self.sums.knows(file))
    }

    pub(super) fn outline(&self) -> &VolumeOutline {
        &self.outline
    }

    pub(super) fn abandon(self) -> impl Future<Output = Result<()>> {
        self.uploader.abandon()
    }

    /// Is anything of it written?
    pub(super) fn is_begun(&self) -> bool {
        self.at() > 0
    }

    fn at(&self) -> u64 {
        self.uploader.offset()
    }

    /// Is a file written to its end?
    pub(super) fn is_past(&self, stowed: &Stowed) -> bool {
        let start = self.outline.head_len() + stowed.offset;
        // The end of an empty file is its beginning, and says nothing.
        self.at() >= start + stowed.size.max(1)
    }

    /// Writes all that is missing of one file and of what stands before it. Returns how many bytes of the blob were sent.
    pub(super) async fn write_file(&mut self, file: usize, feed: &mut Feed<'_>) -> Result<u64> {
        let stowed = self.outline.stowed()[file].clone();
        if self.is_past(&stowed) {
            return Ok(0);
        }
        self.lead_to(file).await?;
        let start = self.outline.head_len() + stowed.offset;
        let from = stowed.from + (self.at() - start);
        let end = stowed.from + stowed.size;
        let least = if stowed.part {
            stowed.from + self.sums.covered(file)
        } else {
            from
        };
        let saved = self
            .note
            .blob
            .take()
            .filter(|(blob, _)| *blob == stowed.blob);
        feed.seek(from, least, saved.as_ref().map(|(_, state)| state))
            .await?;
        let mut sent = 0;
        while self.at() < start + stowed.size {
            let (at, bytes) = feed.next(end).await?;
            if stowed.part && at + bytes.len() as u64 > stowed.from {
                let skip = usize::try_from(stowed.from.saturating_sub(at)).unwrap_or(0);
                let offset = at.max(stowed.from) - stowed.from;
                self.sums.pass(file, offset, &bytes[skip..]);
            }
            // What was only read for the hashes.
            let wanted = stowed.from + (self.at() - start);
            let known = usize::try_from(wanted.saturating_sub(at)).unwrap_or(usize::MAX);
            let fresh = bytes.slice(known.min(bytes.len())..);
            sent += fresh.len() as u64;
            self.push(fresh, Some((stowed.blob, feed.blob()))).await?;
        }
        if stowed.part {
            self.sums.complete(file);
        }
        Ok(sent)
    }

    /// Writes the head where it is missing, and the header of a file.
    async fn lead_to(&mut self, file: usize) -> Result<()> {
        self.head().await?;
        let stowed = &self.outline.stowed()[file];
        let header = write::header(&stowed.path, stowed.size);
        let start = self.outline.head_len() + stowed.offset - header.len() as u64;
        self.padding_to(start).await?;
        self.fixed(start, header.into()).await
    }

    async fn head(&mut self) -> Result<()> {
        let [front, shared] = self.outline.head().map(Clone::clone);
        let length = front.len() as u64;
        self.fixed(0, front).await?;
        self.fixed(length, shared).await
    }

    /// Writes the rest, and makes the volume visible.
    pub(super) async fn close(mut self) -> Result<()> {
        self.head().await?;
        let end = self.outline.head_len() + self.outline.body_len();
        self.padding_to(end).await?;
        let mut tail = Vec::new();
        let lines = self.sums.lines(self.outline.stowed());
        if !lines.is_empty() {
            write::append(&mut tail, layout::CHECKSUMS, lines.as_bytes());
        }
        tail.extend_from_slice(&write::END);
        self.fixed(end, tail.into()).await?;
        self.uploader.finish().await.map(drop)
    }

    async fn padding_to(&mut self, end: u64) -> Result<()> {
        let missing = end.saturating_sub(self.at());
        // Whatever is missing there is less than a block; more is a hole where a file should be.
        if missing >= write::BLOCK {
            let message = format!("{missing} bytes are missing before byte {end} of a volume");
            return Err(Error::new(ErrorKind::Internal, message));
        }
        let zeros = BytesMut::zeroed(usize::try_from(missing).unwrap_or(0));
        self.push(zeros.freeze(), None).await
    }

    /// Writes what of `bytes`, which begin at byte `start` of the volume, is not written yet.
    async fn fixed(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let known = usize::try_from(self.at().saturating_sub(start)).unwrap_or(usize::MAX);
        self.push(bytes.slice(known.min(bytes.len())..), None).await
    }

    async fn push(&mut self, bytes: Bytes, blob: Option<(usize, &dyn Blob)>) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.torn {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "the archive was stopped in the middle of a part",
            ));
        }
        let sums = &self.sums;
        let note = || {
            let mut note = Note::default();
            sums.note(&mut note);
            note.blob = blob.and_then(|(number, blob)| Some((number, blob.hash_state()?)));
            note.text()
        };
        self.torn = true;
        self.uploader.push(bytes, &note).await?;
        self.torn = false;
        Ok(())
    }

    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }
}
