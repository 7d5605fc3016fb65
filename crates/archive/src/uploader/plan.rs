//! What is to be uploaded, and into which parts it is cut.

use std::collections::BTreeMap;

use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::store::Capacity;

/// Bytes of a part, where nothing demands more.
pub const DEFAULT_PART: u64 = 8 << 20;
/// Parts larger than the default are a multiple of this.
const PART_STEP: u64 = 1 << 20;

/// What is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPlan {
    /// All of its bytes.
    pub size: u64,
    /// May it take the place of an object that is there?
    pub overwrite: bool,
    /// What to say of it, where the store can keep it.
    pub metadata: BTreeMap<String, String>,
    /// What these bytes are: an upload that was cut is gone on with only if it was of the same. The digest of an archive's
    /// head, or of whatever else settles every byte that follows.
    pub fingerprint: Digest,
}

/// An object cut into parts of one size; the last takes what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) size: u64,
    pub(super) part_size: u64,
}

impl Parts {
    /// The smallest parts, from [`DEFAULT_PART`] on, of which a store takes enough.
    ///
    /// # Errors
    /// `Invalid` when the store takes no object of this size.
    pub(super) fn choose(size: u64, capacity: &Capacity) -> Result<Self> {
        let most = capacity
            .max_part
            .saturating_mul(u64::from(capacity.max_parts))
            .min(capacity.max_object.unwrap_or(u64::MAX));
        if size > most {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("{size} bytes are more than one object can hold here, which is {most}"),
            )
            .hinting(format!(
                "cut the archive into volumes with `--volume-size {most}` or less"
            )));
        }
        let needed = size.div_ceil(u64::from(capacity.max_parts.max(1)));
        let part_size = if needed <= DEFAULT_PART {
            DEFAULT_PART
        } else {
            needed.div_ceil(PART_STEP) * PART_STEP
        };
        // Not `clamp`, which panics where a store's limits contradict each other.
        let part_size = part_size.max(capacity.min_part).min(capacity.max_part);
        Ok(Self { size, part_size })
    }

    /// How many there are; none of an empty object.
    pub(super) fn count(self) -> u64 {
        self.size.div_ceil(self.part_size)
    }

    /// Where a part begins.
    pub(super) fn start(self, part: u32) -> u64 {
        (u64::from(part) * self.part_size).min(self.size)
    }

    /// Bytes of a part.
    pub(super) fn length(self, part: u32) -> u64 {
        self.part_size.min(self.size - self.start(part))
    }

    /// How many may be in flight so that they take no more memory than `wanted` parts of the default size.
    pub(super) fn in_flight(self, wanted: usize) -> usize {
        let room = (wanted as u64).saturating_mul(DEFAULT_PART) / self.part_size;
        usize::try_from(room)
            .unwrap_or(wanted)
            .clamp(1, wanted.max(1))
    }
}

#[cfg(test)]
mod tests;
