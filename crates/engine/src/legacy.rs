//! Tags made of a subject's digest (`sha256-<hex>.sig` and the like), where they exist at the target already.
//!
//! Signing again appends to such a manifest and moves the tag. What the target has may thus be older than the source's,
//! newer, or have gone its own way.

use std::{collections::HashSet, sync::Arc};

use serde::Deserialize;
use transship_oci::{Descriptor, Digest, Error, ErrorKind, RawManifest, Result, Side, Sink, Tag};

use crate::look::conflict;

/// A signature tag to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegacyTag {
    pub(crate) tag: Tag,
    /// What it will point at.
    pub(crate) node: Digest,
    /// What it points at now.
    pub(crate) current: Option<Digest>,
}

/// What to do about one signature tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is as it should be.
    Keep,
    /// The target has all of it and more.
    Leave(Digest),
    Write(LegacyTag),
}

/// Decides about `tag`, which the source has at `ours`.
pub(crate) async fn decide(
    tag: &Tag,
    ours: &RawManifest,
    sink: &Arc<dyn Sink>,
    move_tags: bool,
) -> Result<Decision> {
    let blame = |error: Error| error.on(Side::Target).at(sink.location());
    let current = sink.tagged(tag).await.map_err(blame)?;
    let node = ours.digest();
    let write = |current: Option<&Descriptor>| {
        Decision::Write(LegacyTag {
            tag: tag.clone(),
            node,
            current: current.map(|current| current.digest),
        })
    };
    let Some(current) = current else {
        return Ok(write(None));
    };
    if current.digest == node {
        return Ok(Decision::Keep);
    }
    let theirs = sink.manifest(&current).await.map_err(blame)?;
    match compare(&layers(ours)?, &layers(&theirs)?) {
        Relation::TheirsHasAll => Ok(Decision::Leave(current.digest)),
        Relation::OursHasAll => Ok(write(Some(&current))),
        Relation::Apart if move_tags => Ok(write(Some(&current))),
        Relation::Apart => Err(blame(
            conflict(tag, &current.digest.to_string(), &node).hinting(APART),
        )),
    }
}

/// Moving such a tag costs the target what was signed there; a name of its own it cannot have.
const APART: &str = "look at both with `transship tree`; with --move-tags what only the target has under this tag is lost";

#[derive(Debug, PartialEq, Eq)]
enum Relation {
    TheirsHasAll,
    OursHasAll,
    Apart,
}

/// Two signatures over one payload are layers of one digest: their annotations tell them apart.
fn compare(ours: &[Descriptor], theirs: &[Descriptor]) -> Relation {
    let texts = |layers: &[Descriptor]| -> HashSet<String> {
        layers.iter().map(|layer| format!("{layer:?}")).collect()
    };
    let (ours, theirs) = (texts(ours), texts(theirs));
    if ours.is_subset(&theirs) {
        Relation::TheirsHasAll
    } else if theirs.is_subset(&ours) {
        Relation::OursHasAll
    } else {
        Relation::Apart
    }
}

/// The layers alone: the configuration of a signature manifest changes with every signature added.
fn layers(manifest: &RawManifest) -> Result<Vec<Descriptor>> {
    #[derive(Deserialize)]
    struct Layers {
        #[serde(default)]
        layers: Option<Vec<Descriptor>>,
    }
    let read: Layers = serde_json::from_slice(manifest.bytes()).map_err(|cause| {
        Error::new(ErrorKind::Corrupt, "the manifest cannot be read")
            .at(manifest.digest())
            .because(cause)
    })?;
    Ok(read.layers.unwrap_or_default())
}

#[cfg(test)]
mod tests;
