//! Where the bytes of the blobs lie.
//!
//! There is one place for each piece: behind the one before it, with a tar header between. So the whole layout of a body
//! follows from the sizes, and is checked by laying it out again.

use transship_oci::{Digest, Result};

use super::{Blob, Inventory, Piece, check::corrupt};
use crate::{layout, tar::write};

impl Blob {
    /// The path of each piece in its volume.
    pub fn path(&self, piece: usize) -> String {
        if self.pieces.len() == 1 {
            return layout::blob_path(&self.digest);
        }
        layout::part_path(&self.digest, u32::try_from(piece + 1).unwrap_or(u32::MAX))
    }
}

/// No volume is larger: what is added to an offset then never overflows.
const MAX_BODY: u64 = 1 << 60;

impl Inventory {
    pub(super) fn check_stream(&self) -> Result<()> {
        let mut place = Place::default();
        for blob in &self.blobs {
            check_complete(blob)?;
            for (number, piece) in blob.pieces.iter().enumerate() {
                while place.volume + 1 < piece.volume as usize {
                    self.leave(&mut place)?;
                }
                place
                    .take(blob, number, piece)
                    .ok_or_else(|| misplaced(&blob.digest, piece))?;
            }
        }
        self.leave(&mut place)?;
        if place.volume != self.volumes.len() {
            return Err(corrupt("the inventory lists volumes behind its last blob"));
        }
        Ok(())
    }

    /// Goes to the next volume, if this one ends where it should. None is empty but the only one.
    fn leave(&self, place: &mut Place) -> Result<()> {
        let said = self.volumes.get(place.volume).map(|volume| volume.body);
        let empty = place.offset == 0 && self.volumes.len() > 1;
        place.volume += 1;
        if said != Some(place.offset) || empty {
            return Err(corrupt(format!(
                "volume {} of the inventory does not end where its last piece does",
                place.volume
            )));
        }
        place.offset = 0;
        Ok(())
    }
}

#[derive(Default)]
struct Place {
    /// From 0.
    volume: usize,
    offset: u64,
}

impl Place {
    /// Lays out one piece; `None` where it is not said to lie there.
    fn take(&mut self, blob: &Blob, number: usize, piece: &Piece) -> Option<()> {
        let header = write::header_len(&blob.path(number), piece.size);
        let start = self.offset + header;
        let end = start.checked_add(piece.size)?;
        self.offset = end.checked_next_multiple_of(write::BLOCK)?;
        let here = self.volume + 1 == piece.volume as usize && piece.offset == start;
        (here && self.offset <= MAX_BODY).then_some(())
    }
}

fn check_complete(blob: &Blob) -> Result<()> {
    let mut sizes = blob.pieces.iter().map(|piece| piece.size);
    let sum = sizes.try_fold(0_u64, u64::checked_add);
    if blob.pieces.is_empty() || sum != Some(blob.size) {
        return Err(corrupt(format!(
            "the pieces of blob {} of the inventory are not {} bytes together",
            blob.digest, blob.size
        )));
    }
    Ok(())
}

fn misplaced(digest: &Digest, piece: &Piece) -> transship_oci::Error {
    corrupt(format!(
        "blob {digest} of the inventory cannot lie at byte {} of volume {}",
        piece.offset, piece.volume
    ))
}
