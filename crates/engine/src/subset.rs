//! A subset of platforms: an index rewritten to list fewer children. The one thing here that changes a digest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Platform, RawManifest, Result, media_type,
};

use crate::platforms::check;

/// Where `BuildKit` says which child an attestation belongs to.
const ABOUT: &str = "vnd.docker.reference.digest";

/// Leaves out what serves none of the `wanted` platforms. `None` when nothing has to go.
///
/// # Errors
/// `Invalid` when a wanted platform is not there, `Unsupported` for an index of indexes, whose platforms are not named.
pub(crate) fn subset(root: &RawManifest, wanted: &[Platform]) -> Result<Option<RawManifest>> {
    if wanted.is_empty() || !media_type::is_index(root.media_type()) {
        return Ok(None);
    }
    let children = root.children()?.manifests;
    let nested = children
        .iter()
        .find(|child| child.platform.is_none() && media_type::is_index(&child.media_type));
    if let Some(nested) = nested {
        let message = format!(
            "index {} is listed without a platform and cannot be narrowed",
            nested.digest
        );
        return Err(Error::new(ErrorKind::Unsupported, message)
            .at(root.digest())
            .hinting("copy all platforms"));
    }
    let there = children
        .iter()
        .filter_map(|child| child.platform.clone())
        .collect();
    check(wanted, &there).map_err(|error| error.at(root.digest()))?;
    let kept = keep(&children, wanted);
    if kept.iter().all(|kept| *kept) {
        return Ok(None);
    }
    rewrite(root, &kept).map(Some)
}

/// Which children stay: those that serve, and what is said about those.
fn keep(children: &[Descriptor], wanted: &[Platform]) -> Vec<bool> {
    let serves = |child: &Descriptor| {
        let platform = child.platform.as_ref();
        platform.is_some_and(|platform| wanted.iter().any(|wanted| platform.serves(wanted)))
    };
    let kept: BTreeSet<Digest> = children
        .iter()
        .filter(|child| serves(child))
        .map(|child| child.digest)
        .collect();
    let about_kept = |child: &Descriptor| {
        let about = child
            .annotations
            .get(ABOUT)
            .and_then(|about| about.parse().ok());
        about.is_some_and(|about| kept.contains(&about))
    };
    children
        .iter()
        .map(|child| serves(child) || about_kept(child))
        .collect()
}

fn rewrite(root: &RawManifest, kept: &[bool]) -> Result<RawManifest> {
    let corrupt = |cause| {
        Error::new(ErrorKind::Corrupt, "the index cannot be rewritten")
            .at(root.digest())
            .because(cause)
    };
    // Every field, and every entry that stays, keeps the text that it has.
    let mut index: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(root.bytes()).map_err(corrupt)?;
    if let Some(manifests) = index.get_mut("manifests") {
        let mut entries: Vec<Box<RawValue>> =
            serde_json::from_str(manifests.get()).map_err(corrupt)?;
        let mut kept = kept.iter();
        entries.retain(|_| kept.next() == Some(&true));
        *manifests = serde_json::value::to_raw_value(&entries).map_err(corrupt)?;
    }
    let bytes = serde_json::to_vec(&index).map_err(corrupt)?;
    RawManifest::named(root.media_type(), bytes.into())
}

#[cfg(test)]
mod tests;
