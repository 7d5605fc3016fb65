//! Stowing blobs in volumes.
//!
//! Whole artifacts are stowed first, each in one volume where there is room for it: what can be imported already when the
//! second stick is still on its way. Artifacts larger than a volume are poured over the last ones, and a blob that is
//! larger than a volume is cut.

mod pour;

use transship_oci::Digest;

use crate::{layout, tar::write};

/// A blob that is to be stowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

impl Load {
    /// What it takes whole, with header and padding.
    fn whole(&self) -> u64 {
        write::member_len(&layout::blob_path(&self.digest), self.size)
    }
}

/// Consecutive bytes of a blob in one volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Which blob.
    pub(crate) blob: usize,
    /// From which byte of it on.
    pub(crate) from: u64,
    /// How many.
    pub(crate) size: u64,
    /// Which part, from 1; `None` for a whole blob.
    pub(crate) part: Option<u32>,
}

impl Slice {
    pub(crate) fn path(&self, loads: &[Load]) -> String {
        let digest = &loads[self.blob].digest;
        match self.part {
            None => layout::blob_path(digest),
            Some(part) => layout::part_path(digest, part),
        }
    }
}

/// A volume that is being filled.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) slices: Vec<Slice>,
    used: u64,
}

impl Hold {
    fn stow_whole(&mut self, blob: usize, loads: &[Load]) {
        let load = &loads[blob];
        self.used += load.whole();
        self.slices.push(Slice {
            blob,
            from: 0,
            size: load.size,
            part: None,
        });
    }
}

/// All blobs in one volume, in their order.
pub(crate) fn single(loads: &[Load]) -> Vec<Hold> {
    let mut hold = Hold::default();
    for blob in 0..loads.len() {
        hold.stow_whole(blob, loads);
    }
    vec![hold]
}

/// The blobs in volumes with room for `room` bytes each. An artifact is the blobs that it needs, by number; a blob that
/// several need lies with the first.
pub(crate) fn stow(loads: &[Load], artifacts: &[Vec<usize>], room: u64) -> Vec<Hold> {
    let mut stowing = Stowing {
        loads,
        room,
        holds: Vec::new(),
        place: vec![None; loads.len()],
    };
    let large: Vec<_> = artifacts
        .iter()
        .filter(|blobs| !stowing.stow_artifact(blobs))
        .collect();
    for blobs in large {
        stowing.pour_artifact(blobs);
    }
    if stowing.holds.is_empty() {
        stowing.holds.push(Hold::default());
    }
    // Small things first, as in one volume; a blob that is cut stays at the end where it goes on from.
    for hold in &mut stowing.holds {
        hold.slices.sort_by_key(|slice| match slice.part {
            None => (1, slice.blob),
            Some(_) if slice.from > 0 => (0, slice.blob),
            Some(_) => (2, slice.blob),
        });
    }
    stowing.holds
}

struct Stowing<'a> {
    loads: &'a [Load],
    room: u64,
    holds: Vec<Hold>,
    /// The volume that each blob lies in, or ends in.
    place: Vec<Option<usize>>,
}

impl Stowing<'_> {
    /// Stows all that an artifact still needs in one volume; `false` when it is larger than any.
    fn stow_artifact(&mut self, blobs: &[usize]) -> bool {
        let wanted = self.missing(blobs);
        let size: u64 = wanted.iter().map(|blob| self.loads[*blob].whole()).sum();
        if size > self.room {
            return false;
        }
        if wanted.is_empty() {
            return true;
        }
        let hold = self.nearest(blobs, size);
        for blob in wanted {
            self.stow_blob(blob, hold);
        }
        true
    }

    /// The volume with room for `size` that has the most bytes of the artifact already; a new one where there is none.
    fn nearest(&mut self, blobs: &[usize], size: u64) -> usize {
        let mut shared = vec![0; self.holds.len()];
        for blob in blobs {
            if let Some(hold) = self.place[*blob] {
                shared[hold] += self.loads[*blob].size;
            }
        }
        let fits = |hold: &usize| self.holds[*hold].used + size <= self.room;
        let candidates = (0..self.holds.len()).filter(fits);
        // The first of equals.
        let nearest = candidates.rev().max_by_key(|hold| shared[*hold]);
        nearest.unwrap_or_else(|| self.new_hold())
    }

    fn new_hold(&mut self) -> usize {
        self.holds.push(Hold::default());
        self.holds.len() - 1
    }

    fn stow_blob(&mut self, blob: usize, hold: usize) {
        self.holds[hold].stow_whole(blob, self.loads);
        self.place[blob] = Some(hold);
    }

    /// The blobs that are nowhere yet, each once.
    fn missing(&self, blobs: &[usize]) -> Vec<usize> {
        let mut wanted: Vec<_> = blobs.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|blob| self.place[*blob].is_none());
        wanted
    }
}
