//! Checks at the end of the story: the same digests everywhere, and signatures that hold.

use std::collections::BTreeSet;

use transship_oci::{Descriptor, Digest, Error, ErrorKind, Result, Source};

use super::{
    key::Key,
    sample::{signatures as signatures_in, signed_digest},
};
use crate::{
    read,
    tree::{Node, Tie},
};

/// Checks that two trees hold the same manifests; returns how many.
pub(super) fn same(one: &Node, other: &Node) -> Result<u64> {
    let (one, other) = (digests(one), digests(other));
    if one != other {
        return Err(Error::new(
            ErrorKind::Internal,
            "the copy does not have the digests of the source",
        ));
    }
    Ok(one.len() as u64)
}

fn digests(node: &Node) -> BTreeSet<Digest> {
    let below = node
        .children
        .iter()
        .chain(&node.referrers)
        .flat_map(digests);
    below.chain([node.digest]).collect()
}

/// Checks every signature in the tree, with the bytes as they are at `source`; returns how many.
///
/// # Errors
/// When one does not hold, speaks of something else, or a manifest has none.
pub(super) async fn signatures(source: &dyn Source, root: &Node, key: &Key) -> Result<u64> {
    let mut count = 0;
    for signed in std::iter::once(root).chain(&root.children) {
        let before = count;
        for signature in signed
            .referrers
            .iter()
            .filter(|node| matches!(node.tie, Some(Tie::Tag(_))))
        {
            count += verify_one(source, signature, signed.digest, key).await?;
        }
        if count == before {
            let message = format!("{} has no signature at the target", signed.digest);
            return Err(Error::new(ErrorKind::SignatureMissing, message));
        }
    }
    Ok(count)
}

async fn verify_one(source: &dyn Source, node: &Node, subject: Digest, key: &Key) -> Result<u64> {
    let descriptor = Descriptor::new(node.media_type.clone(), node.digest, node.size);
    let manifest = source.manifest(&descriptor).await?;
    let found = signatures_in(&manifest)?;
    for (payload, signature) in &found {
        let bytes = read::blob(source, payload).await?;
        if !key.verifies(&bytes, signature) || signed_digest(&bytes) != Some(subject) {
            let message = format!("the signature {} of {subject} does not hold", node.digest);
            return Err(Error::new(ErrorKind::PolicyRefused, message));
        }
    }
    Ok(found.len() as u64)
}
