//! A volume read from a point to its end.

use bytes::Bytes;
use transship_oci::{Result, Side};

use super::Object;
use crate::transfer::Steady;

/// A reading that goes on where it broke.
pub(crate) struct Reading<'a> {
    object: &'a Object,
    at: u64,
    steady: Steady<'a>,
    piece: Bytes,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(object: &'a Object, from: u64) -> Self {
        Self {
            steady: Steady::new(object.store(), object.stat(), from),
            object,
            at: from,
            piece: Bytes::new(),
        }
    }

    /// Where the next byte is.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// At least one byte and at most `most`; none at the end.
    pub(crate) async fn next(&mut self, most: u64) -> Result<Bytes> {
        if self.piece.is_empty() {
            let piece = self.steady.next().await;
            let piece = piece.map_err(|error| error.on(Side::Source).at(self.object.at()))?;
            self.piece = piece.unwrap_or_default();
        }
        let length = usize::try_from(most).unwrap_or(usize::MAX);
        let piece = self.piece.split_to(length.min(self.piece.len()));
        self.at += piece.len() as u64;
        Ok(piece)
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
        let compare = |piece: &[u8]| {
            same &= expected[at..].starts_with(piece);
            at += piece.len();
        };
        let all = self.pass(expected.len() as u64, compare).await?;
        Ok(all && same)
    }
}
