//! The order in which manifests are put: everything after what it names.

use std::collections::{BTreeMap, BTreeSet};

use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::graph::Graph;

/// What each manifest must come after.
type Before = BTreeMap<Digest, BTreeSet<Digest>>;

/// Divides `manifests` into steps; all of one step can be put at once.
///
/// A manifest comes after its children and after its subject. Both are named by digest in its bytes, so that there can
/// be no circle; a circle of tags is none of these.
pub(crate) fn steps(graph: &Graph, manifests: &BTreeSet<Digest>) -> Result<Vec<Vec<Digest>>> {
    sort(named(graph, manifests), Before::new())
}

/// All manifests in the order of publication: each after what it names, and after the subject that a tag ties it to.
pub(crate) fn publication(graph: &Graph) -> Result<Vec<Digest>> {
    let all = graph.nodes.keys().copied().collect();
    let mut tied = Before::new();
    for edge in graph.edges.iter().filter(|edge| !edge.is_subject()) {
        tied.entry(edge.digest()).or_default().insert(edge.subject);
    }
    Ok(sort(named(graph, &all), tied)?.concat())
}

/// What each of `manifests` names among them.
fn named(graph: &Graph, manifests: &BTreeSet<Digest>) -> Before {
    let mut before: Before = manifests
        .iter()
        .map(|digest| (*digest, graph.below(digest).collect()))
        .collect();
    for edge in graph.edges.iter().filter(|edge| edge.is_subject()) {
        if let Some(before) = before.get_mut(&edge.digest()) {
            before.insert(edge.subject);
        }
    }
    for names in before.values_mut() {
        names.retain(|digest| manifests.contains(digest));
    }
    before
}

/// Steps in which everything comes after what is `before` it, and after what it is `tied` to as far as that can be:
/// tags can make a circle, and are passed over where they do.
fn sort(mut before: Before, mut tied: Before) -> Result<Vec<Vec<Digest>>> {
    let mut steps = Vec::new();
    while !before.is_empty() {
        let ready = before.iter().filter(|(_, names)| names.is_empty());
        let ready: BTreeSet<Digest> = ready.map(|(digest, _)| *digest).collect();
        let is_loose = |digest: &&Digest| tied.get(*digest).is_none_or(BTreeSet::is_empty);
        let loose: BTreeSet<Digest> = ready.iter().filter(is_loose).copied().collect();
        let step = if loose.is_empty() { ready } else { loose };
        if step.is_empty() {
            return Err(Error::new(
                ErrorKind::Internal,
                "manifests name each other in a circle",
            ));
        }
        for digest in &step {
            before.remove(digest);
        }
        for names in before.values_mut().chain(tied.values_mut()) {
            names.retain(|digest| !step.contains(digest));
        }
        steps.push(step.into_iter().collect());
    }
    Ok(steps)
}

/// How late each of `signed` gets its tag, which ties it to its subject: whoever sees a tag must find beside and below
/// what it points at whatever belongs to that in turn, tags among it. Those of 0 come first.
///
/// The distance from the root does not tell: what belongs to a signature may be listed by the root too. Tags, other than
/// manifests, can refer to each other in a circle; no order is right then, and any is taken.
pub(crate) fn ranks(graph: &Graph, signed: &BTreeSet<Digest>) -> BTreeMap<Digest, usize> {
    let mut needs: BTreeMap<Digest, Vec<Digest>> = graph
        .nodes
        .keys()
        .map(|digest| (*digest, graph.below(digest).collect()))
        .collect();
    for edge in &graph.edges {
        needs.entry(edge.subject).or_default().push(edge.digest());
    }
    let mut ranks: BTreeMap<Digest, usize> = BTreeMap::new();
    let mut begun = BTreeSet::new();
    // Depth first, without recursion: a node is looked at again when all that it needs has its rank.
    let mut todo: Vec<Digest> = needs.keys().copied().collect();
    while let Some(digest) = todo.last().copied() {
        let needed = || needs.get(&digest).into_iter().flatten();
        if begun.insert(digest) {
            todo.extend(needed().filter(|other| !begun.contains(*other)));
            continue;
        }
        todo.pop();
        let rank = |other: &Digest| {
            ranks
                .get(other)
                .map(|rank| rank + usize::from(signed.contains(other)))
        };
        let rank = needed().filter_map(rank).max().unwrap_or(0);
        ranks.entry(digest).or_insert(rank);
    }
    ranks.retain(|digest, _| signed.contains(digest));
    ranks
}

#[cfg(test)]
mod tests;
