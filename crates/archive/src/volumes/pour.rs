//! What is larger than a volume.

use super::{Hold, Slice, Stowing};
use crate::{
    layout,
    tar::write::{BLOCK, header_len},
};

impl Stowing<'_> {
    /// Stows an artifact over as many volumes as it needs, from the last one on.
    pub(super) fn pour_artifact(&mut self, blobs: &[usize]) {
        for blob in self.missing(blobs) {
            let whole = self.loads[blob].whole();
            let last = self.holds.len().checked_sub(1);
            let last = last.filter(|hold| whole <= self.room - self.holds[*hold].used);
            if whole <= self.room {
                let hold = last.unwrap_or_else(|| self.new_hold());
                self.stow_blob(blob, hold);
            } else {
                self.cut_blob(blob);
            }
        }
    }

    /// Cuts a blob over the rest of the last volume and new ones.
    fn cut_blob(&mut self, blob: usize) {
        let load = self.loads[blob];
        let mut from = 0;
        let mut part = 1;
        while from < load.size {
            let hold = self.hold_for_part();
            // Every length below gets a header as long as this one: none is above 8 GiB that the rest is not.
            let path = layout::part_path(&load.digest, part);
            let rest = self.room - self.holds[hold].used;
            let size = largest(&path, rest).min(load.size - from);
            let slice = Slice {
                blob,
                from,
                size,
                part: Some(part),
            };
            self.holds[hold].stow_part(slice, &path);
            self.place[blob] = Some(hold);
            from += size;
            part += 1;
        }
    }

    /// The last volume, where enough of it is empty for a part to be worth its header; else a new one.
    fn hold_for_part(&mut self) -> usize {
        let last = self.holds.len().checked_sub(1);
        let worth = |hold: &usize| (self.room - self.holds[*hold].used) >= self.room / 8;
        last.filter(worth).unwrap_or_else(|| self.new_hold())
    }
}

impl Hold {
    fn stow_part(&mut self, slice: Slice, path: &str) {
        self.used += crate::tar::write::member_len(path, slice.size);
        self.slices.push(slice);
    }
}

/// The most bytes of content that fit into `rest` with their header, in whole blocks.
fn largest(path: &str, rest: u64) -> u64 {
    let blocks = rest / BLOCK * BLOCK;
    let size = blocks.saturating_sub(header_len(path, 0));
    // Above 8 GiB the header is longer.
    if header_len(path, size) > header_len(path, 0) {
        blocks.saturating_sub(header_len(path, size))
    } else {
        size
    }
}
