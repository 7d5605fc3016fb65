//! Copies that the target makes by itself: the bytes never come to this machine.

use transship_oci::{Error, ErrorKind, Result, Side};

use super::copy::{CopyOptions, CopyStep};
use crate::{
    store::{Stat, Store, UploadSpec},
    uploader::UploadPlan,
};

/// Has the target fetch the object from the source by itself, where the two can do that between them.
pub(super) async fn fetch(
    (from, stat): (&dyn Store, &Stat),
    to: &dyn Store,
    to_key: &str,
    (plan, options): (&UploadPlan, &CopyOptions),
) -> Result<bool> {
    let source = match from.offer(&stat.key).await {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(false),
        Err(error) => return Err(error.on(Side::Source).at(from.location())),
    };
    if source.stat().etag != stat.etag || source.stat().size != stat.size {
        return Err(changed(from, &stat.key));
    }
    let spec = UploadSpec {
        size: plan.size,
        part_size: plan.size,
        overwrite: plan.overwrite,
        metadata: plan.metadata.clone(),
        session: None,
    };
    match to.copy_from(to_key, &source, &spec).await {
        Ok(()) => {
            compare(stat, to, to_key).await?;
            // Told only now: what is refused goes another way, and begins there.
            (options.watch)(&CopyStep::Started {
                key: stat.key.clone(),
                to: to_key.to_owned(),
                size: stat.size,
                offset: 0,
            });
            (options.watch)(&CopyStep::Moved(stat.size));
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(false),
        Err(error) => Err(error.on(Side::Target).at(to.location())),
    }
}

/// Is what the target has now what the source has, as far as both say?
async fn compare(stat: &Stat, to: &dyn Store, to_key: &str) -> Result<()> {
    let found = match to.stat(to_key).await {
        // Whoever may only write has to take the store's word.
        Err(error) if error.kind() == ErrorKind::Denied => return Ok(()),
        found => found.map_err(|error| error.on(Side::Target).at(to.location()))?,
    };
    let same = found.is_some_and(|found| {
        let sums = stat.md5.zip(found.md5);
        found.size == stat.size && sums.is_none_or(|(one, other)| one == other)
    });
    if same {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::DigestMismatch,
        format!("{to_key}, which the store fetched by itself, is not what the source has"),
    )
    .on(Side::Target)
    .at(to.location())
    .hinting("remove it, and copy again"))
}

/// That the object is not the one that was looked at.
fn changed(from: &dyn Store, key: &str) -> Error {
    Error::new(
        ErrorKind::Drift,
        format!("{key} was replaced since it was looked at"),
    )
    .on(Side::Source)
    .at(from.location())
}
