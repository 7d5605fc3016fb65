//! Is a volume there already?

use futures::TryStreamExt as _;
use transship_oci::{ErrorKind, Result};

use crate::{Store, outline::VolumeOutline};

/// Is the object at `key` this volume, written by an earlier run? It became visible complete, and its head settles every
/// byte behind it: so the size and the head say what it was. What became of its body since, they do not.
pub(super) async fn is_there(store: &dyn Store, key: &str, volume: &VolumeOutline) -> Result<bool> {
    let Some(stat) = store.stat(key).await? else {
        return Ok(false);
    };
    if stat.size != volume.size() {
        return Ok(false);
    }
    let read = store
        .read(key, 0..volume.head_len(), stat.etag.as_deref())
        .await;
    let mut opened = match read {
        Ok(opened) => opened,
        // It went, or is being replaced, or may not be read: then it is not known to be this one.
        Err(error) if is_no(error.kind()) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut wanted = volume.head().into_iter().flatten();
    let mut missing = volume.head_len();
    while let Some(bytes) = opened.bytes.try_next().await? {
        missing = missing.saturating_sub(bytes.len() as u64);
        if !bytes.iter().all(|byte| wanted.next() == Some(byte)) {
            return Ok(false);
        }
    }
    Ok(missing == 0)
}

fn is_no(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Drift | ErrorKind::Denied | ErrorKind::Unauthorized
    )
}
