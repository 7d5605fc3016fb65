//! Walks an artifact for those who only want to verify it.

use std::collections::BTreeSet;

use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Name, Reference, Referrer, Result, Source, Walked,
    media_type,
};

use super::{Level, Rule, Rules, Stance};

/// The most manifests below an artifact.
const MAX_NODES: usize = 10_000;

/// Walks as much of an artifact as its rule speaks of: children only where they must be signed or may be denied by name,
/// and referrers only beside what is looked at. A copy walks everything, and needs this not.
///
/// # Errors
/// As the source says; `Corrupt` for an index of too many manifests; as the rules say.
pub async fn walk(
    rules: &dyn Rules,
    source: &dyn Source,
    reference: Option<&Reference>,
    name: &Name,
) -> Result<Walked> {
    let root = source.resolve(name).await?;
    let rule = rules.rule(reference, &root.digest)?;
    let (wants_root, wants_children) = wanted(rule);
    let mut walked = Walked {
        reference: reference.cloned(),
        children: Vec::new(),
        referrers: Vec::new(),
        root,
    };
    if wants_children || rules.denies_any() {
        walked.children = below(source, &walked.root).await?;
    }
    let leaves = walked.children.iter();
    let leaves: Vec<Digest> = leaves
        .filter(|child| !media_type::is_index(&child.media_type))
        .map(|child| child.digest)
        .collect();
    if !(wants_root || wants_children) || !source.may_have_referrers().await? {
        return Ok(walked);
    }
    if wants_root || leaves.is_empty() {
        let root = walked.root.digest;
        walked.referrers.extend(beside(source, root).await?);
    }
    let wanted = leaves.into_iter().filter(|_| wants_children);
    for leaf in wanted {
        walked.referrers.extend(beside(source, leaf).await?);
    }
    Ok(walked)
}

async fn beside(source: &dyn Source, subject: Digest) -> Result<Vec<(Digest, Referrer)>> {
    let referrers = source.referrers(&subject).await?;
    Ok(referrers.into_iter().map(|one| (subject, one)).collect())
}

/// Does a rule speak of the root, and of what is below it?
fn wanted(rule: &Rule) -> (bool, bool) {
    let Stance::Demands(clauses) = &rule.stance else {
        return (false, false);
    };
    let root = clauses.iter().any(|one| one.at != Level::EveryChild);
    let children = clauses.iter().any(|one| one.at != Level::Index);
    (root, children)
}

/// All manifests below an index, each once, in the order in which they are listed.
async fn below(source: &dyn Source, root: &Descriptor) -> Result<Vec<Descriptor>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([root.digest]);
    let mut todo = vec![root.clone()];
    while let Some(index) = todo.pop() {
        if !media_type::is_index(&index.media_type) {
            continue;
        }
        let children = source.manifest(&index).await?.children()?.manifests;
        for child in children.into_iter().filter(Descriptor::is_manifest) {
            if seen.insert(child.digest) {
                todo.push(child.clone());
                found.push(child);
            }
        }
        if found.len() > MAX_NODES {
            let message = format!(
                "{} has more than {MAX_NODES} manifests below it",
                root.digest
            );
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
    }
    Ok(found)
}
