//! What a source speaks of without holding it, and the target does not have either: the prerequisites of an incremental
//! archive at a target that is not as it was said to be.

use transship_oci::{Descriptor, Error, ErrorKind, Location, Side, Sink};

use crate::{Job, context::Run, prepare::Prepared};

const HINT: &str = "write a request for what is missing and have an archive made that answers it, or import the archive \
                    that carries it first";

/// Gives up those targets that lack what the source lacks too, unless the registry has it in another repository.
///
/// Nothing was read of it, and nothing will be.
pub(crate) fn settle(run: &Run, job: &Job, prepared: &mut Prepared) {
    for (target, site) in job.targets.iter().zip(&mut prepared.sites) {
        let Ok(diff) = &site.diff else { continue };
        let at = target.sink.location();
        let blobs = diff.blobs.values();
        let lost = blobs
            .filter(|blob| job.source.lacks(blob) && !run.blobs.is_near(at, &blob.digest))
            .cloned();
        site.missing.extend(lost);
        if let Some(error) = error(at, &site.missing) {
            site.diff = Err(error);
        }
    }
}

/// What a target still lacks of `blobs` that the source does not hold: nobody could give it.
pub(crate) fn still<'a>(
    run: &Run,
    job: &Job,
    sink: &dyn Sink,
    blobs: impl Iterator<Item = &'a Descriptor>,
) -> Vec<Descriptor> {
    let at = sink.location();
    blobs
        .filter(|blob| job.source.lacks(blob) && !run.blobs.knows(at, &blob.digest))
        .cloned()
        .collect()
}

/// The error of a target where these are missing, if there are any.
fn error(at: &Location, missing: &[Descriptor]) -> Option<Error> {
    let first = missing.first()?;
    let what = if first.is_manifest() {
        "manifest"
    } else {
        "blob"
    };
    let more = match missing.len() {
        1 => String::new(),
        count => format!(", and {} more,", count - 1),
    };
    let message = format!(
        "{what} {}{more} was to be there already and is not",
        first.digest
    );
    let error = Error::new(ErrorKind::NotFound, message)
        .on(Side::Target)
        .at(at);
    Some(error.hinting(HINT))
}

/// The error of a blob that is wanted of a source that lacks it.
pub(crate) fn lacking(blob: &Descriptor) -> Error {
    let message = format!(
        "blob {} was to be at the target already, and is not carried",
        blob.digest
    );
    Error::new(ErrorKind::NotFound, message).hinting(HINT)
}
