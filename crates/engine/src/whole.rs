//! Is an index at a target with everything below it?
//!
//! Some registries take an index without its children, and some lose children when they clean up. Such an index must not
//! be given a tag for being there.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use transship_oci::{Descriptor, ErrorKind, Presence, Result, Sink, media_type};

use crate::{Limits, graph::Content};

/// Asks the target for every manifest below `index`, which it has.
///
/// What is below it is looked at once, in steps; more than `limits` allow is not looked at, and not taken for whole.
pub(crate) async fn is_whole(
    sink: &Arc<dyn Sink>,
    index: &Descriptor,
    limits: Limits,
) -> Result<bool> {
    let mut seen = BTreeSet::from([index.digest]);
    let mut todo = VecDeque::from([(index.clone(), 0)]);
    while let Some((index, depth)) = todo.pop_front() {
        let manifest = match sink.manifest(&index).await {
            Ok(manifest) => manifest,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut children = Content::read(manifest)?.manifests;
        children.retain(|child| seen.insert(child.digest));
        if children.is_empty() {
            continue;
        }
        // What is listed without a media type cannot be asked for by HEAD; the walk reads it.
        let untyped = children.iter().any(|child| child.media_type.is_empty());
        if untyped || depth == limits.depth || seen.len() > limits.nodes {
            return Ok(false);
        }
        let presence = sink.have(&children).await?;
        if presence.iter().any(|there| *there != Presence::Present) {
            return Ok(false);
        }
        let indexes = children
            .into_iter()
            .filter(|child| media_type::is_index(&child.media_type));
        todo.extend(indexes.map(|index| (index, depth + 1)));
    }
    Ok(true)
}
