//! Are two objects the same?

use md5::{Digest as _, Md5};
use transship_oci::Result;

use super::steady::Steady;
use crate::store::{Stat, Store};

/// Whether two objects have the same bytes, by size and checksum. Where a store keeps no checksum the object is read, if
/// `reading` is worth it.
pub(super) async fn same(
    (from, source): (&dyn Store, &Stat),
    (to, target): (&dyn Store, &Stat),
    reading: bool,
) -> Result<bool> {
    if source.size != target.size {
        return Ok(false);
    }
    match (source.md5, target.md5) {
        (Some(one), Some(other)) => Ok(one == other),
        _ if !reading => Ok(false),
        _ => Ok(sum(to, target).await? == sum(from, source).await?),
    }
}

/// The checksum of an object: the store's, or by reading.
async fn sum(store: &dyn Store, stat: &Stat) -> Result<[u8; 16]> {
    if let Some(md5) = stat.md5 {
        return Ok(md5);
    }
    let mut md5 = Md5::new();
    let mut reading = Steady::new(store, stat, 0);
    while let Some(bytes) = reading.next().await? {
        md5.update(&bytes);
    }
    Ok(md5.finalize().into())
}
