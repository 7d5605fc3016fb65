//! A volume read from a point to its end.

use bytes::Bytes;
use futures::TryStreamExt as _;
use transship_oci::{ByteStream, Result, Retry};

use super::Object;

/// A reading that goes on where it broke, for as long as it gets anywhere.
pub(super) struct Reading {
    object: Object,
    at: u64,
    stream: Option<ByteStream>,
    piece: Bytes,
    /// Where it broke last.
    broke: Option<u64>,
}

impl Reading {
    pub(super) fn new(object: &Object, from: u64) -> Self {
        Self {
            object: object.clone(),
            at: from,
            stream: None,
            piece: Bytes::new(),
            broke: None,
        }
    }

    /// Where the next byte is.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// At least one byte and at most `most`; none at the end.
    pub(super) async fn next(&mut self, most: u64) -> Result<Bytes> {
        while self.piece.is_empty() {
            match self.more().await {
                Ok(Some(piece)) => self.piece = piece,
                Ok(None) => return Ok(Bytes::new()),
                Err(error) => {
                    let stuck = self.broke.replace(self.at) == Some(self.at);
                    if stuck || error.retry() == Retry::No {
                        return Err(error);
                    }
                    self.stream = None;
                }
            }
        }
        let length = usize::try_from(most).unwrap_or(usize::MAX);
        let piece = self.piece.split_to(length.min(self.piece.len()));
        self.at += piece.len() as u64;
        Ok(piece)
    }

    async fn more(&mut self) -> Result<Option<Bytes>> {
        if self.stream.is_none() {
            let rest = self.at..self.object.size();
            self.stream = Some(self.object.stream(rest).await?);
        }
        match &mut self.stream {
            Some(stream) => stream.try_next().await,
            None => Ok(None),
        }
    }

    /// Passes the next `length` bytes to `take`, piece by piece. `false` when there are fewer.
    pub(super) async fn pass(&mut self, length: u64, mut take: impl FnMut(&[u8])) -> Result<bool> {
        let mut left = length;
        while left > 0 {
            let piece = self.next(left).await?;
            if piece.is_empty() {
                return Ok(false);
            }
            left -= piece.len() as u64;
            take(&piece);
        }
        Ok(true)
    }

    /// Are the next bytes these? They are passed in any case.
    pub(super) async fn is(&mut self, expected: &[u8]) -> Result<bool> {
        let (mut same, mut at) = (true, 0);
        let all = self
            .pass(expected.len() as u64, |piece| {
                same &= expected[at..].starts_with(piece);
                at += piece.len();
            })
            .await?;
        Ok(all && same)
    }
}
