//! The order in which manifests are put: everything after what it names.

use std::collections::{BTreeMap, BTreeSet};

use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::graph::Graph;

/// Divides `manifests` into steps; all of one step can be put at once.
///
/// A manifest comes after its children and after its subject. Both are named by digest in its bytes, so that there can
/// be no circle; a circle of tags is none of these.
pub(crate) fn steps(graph: &Graph, manifests: &BTreeSet<Digest>) -> Result<Vec<Vec<Digest>>> {
    let mut before: BTreeMap<Digest, BTreeSet<Digest>> = manifests
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
    let mut steps = Vec::new();
    while !before.is_empty() {
        let ready = before.iter().filter(|(_, names)| names.is_empty());
        let step: BTreeSet<Digest> = ready.map(|(digest, _)| *digest).collect();
        if step.is_empty() {
            return Err(Error::new(
                ErrorKind::Internal,
                "manifests name each other in a circle",
            ));
        }
        for digest in &step {
            before.remove(digest);
        }
        for names in before.values_mut() {
            names.retain(|digest| !step.contains(digest));
        }
        steps.push(step.into_iter().collect());
    }
    Ok(steps)
}

#[cfg(test)]
mod tests;
