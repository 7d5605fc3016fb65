//! Does an archive fit into a store?

use transship_oci::Result;

use super::{Outline, VolumeOutline, invalid};
use crate::store::Capacity;

impl Outline {
    /// Checks that a store takes every volume and has room for all, before the first byte is written.
    ///
    /// # Errors
    /// `Invalid`, with a hint, when a volume is larger than an object may be, or when there is not enough room.
    pub fn fit(&self, capacity: &Capacity) -> Result<()> {
        self.fit_files(capacity)?;
        check_room(capacity, self.size())
    }

    /// Checks that no volume is larger than an object may be.
    pub(crate) fn fit_files(&self, capacity: &Capacity) -> Result<()> {
        let parts = capacity
            .max_part
            .saturating_mul(u64::from(capacity.max_parts));
        let most = capacity
            .max_object
            .map_or(parts, |object| object.min(parts));
        let largest = self.volumes().iter().map(VolumeOutline::size).max();
        match largest {
            Some(largest) if largest > most => Err(invalid(format!(
                "the archive has a file of {largest} bytes, and the store takes {most} at most"
            ))
            .hinting(format!("cut the archive with --volume-size {most} or less"))),
            _ => Ok(()),
        }
    }
}

/// Checks that a store has room for so many bytes more.
pub(crate) fn check_room(capacity: &Capacity, missing: u64) -> Result<()> {
    match capacity.free {
        Some(free) if free < missing => Err(invalid(format!(
            "the archive needs {missing} bytes more, and the store has room for {free}"
        ))
        .hinting("make room, or export to another store")),
        _ => Ok(()),
    }
}
