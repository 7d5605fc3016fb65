//! A tag that is not there: which did you mean?

use futures::{StreamExt as _, TryStreamExt as _};
use transship_oci::{Error, ErrorKind, Name, Reference, Source, Tag};
use transship_trust::nearest;

/// How many tags are looked through.
const MOST: usize = 10_000;

/// Adds a hint to the error for a tag that was not found, if the repository has one that is nearly it.
pub(crate) async fn tag(source: &dyn Source, wanted: &Reference, error: Error) -> Error {
    let Name::Tag(name) = wanted.name() else {
        return error;
    };
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    // No list, no hint: the first error is the one that counts.
    let listed: Vec<Tag> = match source.tags().take(MOST).try_collect().await {
        Ok(listed) => listed,
        // A HEAD has no body that could have said so.
        Err(none) if none.kind() == ErrorKind::NotFound => {
            return error.hinting(format!(
                "there is no repository {}; check its name",
                wanted.repository
            ));
        }
        Err(_) => return error,
    };
    let names: Vec<&str> = listed
        .iter()
        .filter(|tag| tag.subject().is_none())
        .map(Tag::as_str)
        .collect();
    let repository = &wanted.repository;
    match nearest(name.as_str(), names.iter().copied()) {
        Some(near) => error.hinting(format!("did you mean {repository}:{near}?")),
        None if names.is_empty() => error,
        None => error.hinting(format!(
            "see what is there with `transship tags {repository}`"
        )),
    }
}
