//! What a copy costs in requests, where each thing takes as many as the protocol wants.

use std::collections::BTreeSet;

use transship_oci::Digest;

use crate::{Job, Options, Totals, diff::Diff, prepare::Prepared};

/// A blob takes a request that opens the upload and one that brings the bytes.
const PER_BLOB: u64 = 2;

/// The requests and pulls of one job; the other sums stay zero.
pub(crate) fn of(job: &Job, prepared: &Prepared, options: &Options) -> Totals {
    let diffs: Vec<&Diff> = prepared
        .sites
        .iter()
        .filter_map(|site| site.diff.as_ref().ok())
        .collect();
    let nodes = prepared.graph.nodes.values();
    // What some target has is read there.
    let pulls = nodes
        .filter(|node| node.content.is_some() && !node.present.contains(&true))
        .count() as u64;
    let blobs: BTreeSet<Digest> = diffs
        .iter()
        .flat_map(|diff| diff.blobs.keys().copied())
        .collect();
    let root_was_pulled = prepared
        .graph
        .nodes
        .get(&prepared.root.digest)
        .is_some_and(|root| root.content.is_some() && !root.present.contains(&true));
    let looked_up = u64::from(!root_was_pulled);
    let listings = if options.referrers && !prepared.graph.edges.is_empty() {
        prepared.graph.nodes.len() as u64
    } else {
        0
    };
    let tags: u64 = job
        .targets
        .iter()
        .map(|target| target.tags.len() as u64)
        .sum();
    Totals {
        source_requests: looked_up + pulls + listings + blobs.len() as u64,
        target_requests: tags + diffs.iter().map(|diff| at_target(diff)).sum::<u64>(),
        pulls,
        ..Totals::default()
    }
}

fn at_target(diff: &Diff) -> u64 {
    let subjects: BTreeSet<Digest> = diff.expected.iter().map(|one| one.subject).collect();
    let beside = !diff.manifests.is_empty() || !diff.legacy.is_empty();
    let read_back = if beside { subjects.len() as u64 } else { 0 };
    PER_BLOB * diff.blobs.len() as u64
        + diff.manifests.len() as u64
        + diff.legacy.len() as u64
        + read_back
        + u64::from(!diff.tags.is_empty())
}
