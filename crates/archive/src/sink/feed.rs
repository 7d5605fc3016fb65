//! The bytes of one blob as the stream takes them: in order, from any place on, verified to the end.

use bytes::Bytes;
use futures::StreamExt as _;
use transship_oci::{Blob, ByteStream, Error, ErrorKind, HashState, Result, Verifier};

pub(super) struct Feed<'a> {
    blob: &'a dyn Blob,
    open: Option<Open>,
}

struct Open {
    stream: ByteStream,
    /// Read, and not given yet.
    pending: Bytes,
    /// Where in the blob `pending` begins.
    at: u64,
    /// For a blob that does not look after itself.
    verifier: Option<Verifier>,
    polled: bool,
    over: bool,
}

impl<'a> Feed<'a> {
    pub(super) fn new(blob: &'a dyn Blob) -> Self {
        Self { blob, open: None }
    }

    pub(super) fn blob(&self) -> &'a dyn Blob {
        self.blob
    }

    pub(super) fn size(&self) -> u64 {
        self.blob.descriptor().size
    }

    /// Opens the blob at its beginning and reads the first piece.
    pub(super) async fn warm_up(&mut self) -> Result<()> {
        let mut open = Open::at(self.blob, 0).await?;
        open.fill(self.blob).await?;
        self.open = Some(open);
        Ok(())
    }

    /// Goes to byte `from`, with the hash of what is before it as it was saved. What the hash does not cover is read
    /// again, and so is everything from `least` on.
    pub(super) async fn seek(
        &mut self,
        from: u64,
        least: u64,
        saved: Option<&HashState>,
    ) -> Result<()> {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.at <= from.min(least))
        {
            return Ok(());
        }
        let covered = match saved {
            Some(state) => self.blob.restore(state),
            // Another try with the same blob, which remembers by itself.
            None => self.blob.hash_state().map_or(0, |state| state.length),
        };
        self.open = Some(Open::at(self.blob, covered.min(from).min(least)).await?);
        Ok(())
    }

    /// The next bytes before `end`, and where they begin.
    pub(super) async fn next(&mut self, end: u64) -> Result<(u64, Bytes)> {
        let blob = self.blob;
        let open = self.opened().await?;
        while open.pending.is_empty() {
            if !open.fill(blob).await? {
                return Err(ended(blob, open.at));
            }
        }
        let wanted = usize::try_from(end - open.at).unwrap_or(usize::MAX);
        let bytes = open.pending.split_to(wanted.min(open.pending.len()));
        let at = open.at;
        open.at += bytes.len() as u64;
        Ok((at, bytes))
    }

    async fn opened(&mut self) -> Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(self.blob, 0).await?,
        };
        Ok(self.open.insert(open))
    }

    /// Makes sure that the blob ends where it should: only then is every byte known to be right.
    pub(super) async fn end(&mut self) -> Result<()> {
        let blob = self.blob;
        let open = self.opened().await?;
        while open.pending.is_empty() {
            if !open.fill(blob).await? {
                let verifier = open.verifier.as_ref();
                return verifier.map_or(Ok(()), |verifier| verifier.ended(open.at));
            }
        }
        Err(too_long(blob))
    }
}

impl Open {
    async fn at(blob: &dyn Blob, at: u64) -> Result<Self> {
        Ok(Self {
            stream: blob.open(at).await?,
            pending: Bytes::new(),
            at,
            verifier: None,
            polled: false,
            over: false,
        })
    }

    /// Reads the next piece; `false` at the end. Only when nothing is pending.
    async fn fill(&mut self, blob: &dyn Blob) -> Result<bool> {
        // Not every stream may be asked again.
        if self.over {
            return Ok(false);
        }
        let piece = self.stream.next().await.transpose()?;
        self.over = piece.is_none();
        if !self.polled {
            self.polled = true;
            // One that can say what it has hashed has hashed it.
            let unhashed = blob.hash_state().is_none() && self.at == 0;
            self.verifier = unhashed.then(|| Verifier::new(blob.descriptor().clone()));
        }
        let Some(piece) = piece else {
            return Ok(false);
        };
        if self.at + piece.len() as u64 > blob.descriptor().size {
            return Err(too_long(blob));
        }
        if let Some(verifier) = &self.verifier {
            verifier.pass(self.at, &piece)?;
        }
        self.pending = piece;
        Ok(true)
    }
}

fn ended(blob: &dyn Blob, at: u64) -> Error {
    let node = blob.descriptor();
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "blob {} ended after {at} of {} bytes",
            node.digest, node.size
        ),
    )
}

fn too_long(blob: &dyn Blob) -> Error {
    let node = blob.descriptor();
    Error::new(
        ErrorKind::DigestMismatch,
        format!(
            "blob {} came with more than the {} bytes promised",
            node.digest, node.size
        ),
    )
}
