//! What need not be carried, because the target has it where it will be looked for.

use std::collections::BTreeMap;

use transship_oci::{Artifact, Digest, Repository};

use super::Holdings;

/// Where an importer looks for a blob that an archive does not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In the repository that it goes to.
    Repository,
    /// Also in others of the same registry, from where it can be mounted.
    Registry,
}

/// The blobs, with their sizes, that need not be carried: each is in reach of every repository that an artifact with it
/// goes to. One blob of an archive serves all its artifacts, so it must be carried as soon as one of them lacks it.
///
/// Manifests are carried in any case.
pub fn against<'a>(
    holdings: &Holdings,
    artifacts: impl IntoIterator<Item = (&'a Repository, &'a Artifact)>,
    reach: Reach,
) -> BTreeMap<Digest, u64> {
    let mut known = BTreeMap::<(Digest, u64), bool>::new();
    for (to, artifact) in artifacts {
        for blob in &artifact.blobs {
            let (digest, size) = (blob.digest, blob.size);
            let all = known.entry((digest, size)).or_insert(true);
            *all = *all && is_in_reach(holdings, to, (&digest, size), reach);
        }
    }
    // Two sizes of one digest contradict each other: such a blob is left to whoever checks what is carried.
    let lacking: Vec<_> = known
        .iter()
        .filter(|(_, all)| !**all)
        .map(|((digest, _), _)| *digest)
        .collect();
    let mut left_out: BTreeMap<_, _> = known.into_keys().collect();
    for digest in lacking {
        left_out.remove(&digest);
    }
    left_out
}

fn is_in_reach(
    holdings: &Holdings,
    to: &Repository,
    (digest, size): (&Digest, u64),
    reach: Reach,
) -> bool {
    holdings.has_blob(to, digest, size)
        || (reach == Reach::Registry
            && holdings
                .with_blob(to.registry(), digest, size)
                .next()
                .is_some())
}
