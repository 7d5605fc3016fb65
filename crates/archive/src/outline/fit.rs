//! Does an archive fit into a store?

use transship_oci::Result;

use super::{Outline, VolumeOutline, invalid};
use crate::store::Capacity;

impl Outline {
    /// Checks that a store takes every volume, before the first byte is written.
    ///
    /// # Errors
    /// `Invalid`, with a hint, when a volume is larger than an object may be, or when there is not enough room for all.
    pub fn fit(&self, capacity: &Capacity) -> Result<()> {
        let parts = capacity
            .max_part
            .saturating_mul(u64::from(capacity.max_parts));
        let most = capacity
            .max_object
            .map_or(parts, |object| object.min(parts));
        let largest = self.volumes().iter().map(VolumeOutline::size).max();
        if let Some(largest) = largest
            && largest > most
        {
            return Err(invalid(format!(
                "the archive has a file of {largest} bytes, and the store takes {most} at most"
            ))
            .hinting(format!("cut the archive with --volume-size {most} or less")));
        }
        let size = self.size();
        match capacity.free {
            Some(free) if free < size => Err(invalid(format!(
                "the archive has {size} bytes, and the store has room for {free}"
            ))
            .hinting("make room, or export to another store")),
            _ => Ok(()),
        }
    }
}
