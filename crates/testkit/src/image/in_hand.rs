//! A graph's artifacts as a walk would find them, without walking.

use std::collections::BTreeSet;

use transship_oci::{
    Algorithm, Artifact, Descriptor, Digest, RawManifest, Referrer, Repository, Tag, Tie,
};

use super::{Graph, Kind};

impl Graph {
    /// Every tag of the graph that is no evidence itself, as an artifact of `repository` that was asked for by that tag.
    pub fn artifacts(&self, repository: &str) -> Vec<Artifact> {
        let tags = self.tags().iter();
        let tags = tags.filter(|(tag, _)| tag.subject().is_none());
        tags.map(|(tag, digest)| self.artifact_at(repository, Some(tag), digest))
            .collect()
    }

    /// The artifact at `root` with all that belongs to it.
    pub fn artifact_at(&self, repository: &str, tag: Option<&Tag>, root: &Digest) -> Artifact {
        let repository: Repository = repository.parse().expect("a repository");
        let closure = self.closure(root);
        let manifests = self.manifests().iter();
        let manifests: Vec<_> = manifests
            .filter(|it| closure.manifests.contains(&it.digest()))
            .cloned()
            .collect();
        let referrers = self.ties(&manifests);
        let (blobs, foreign) = pieces(&manifests, &referrers);
        Artifact {
            reference: transship_oci::Reference {
                repository,
                tag: tag.cloned(),
                digest: tag.is_none().then_some(*root),
            },
            tags: tag.cloned().into_iter().collect(),
            root: self.manifest(root).expect("a root").descriptor().clone(),
            manifests,
            referrers,
            blobs,
            foreign,
        }
    }

    fn ties(&self, manifests: &[RawManifest]) -> Vec<(Digest, Referrer)> {
        let mut ties = Vec::new();
        for manifest in manifests {
            let referrer = |tie| Referrer {
                descriptor: manifest.descriptor().clone(),
                tie,
            };
            let children = manifest.children().expect("the graph's own manifest");
            // A subject may be missing, and then nothing of this artifact is it.
            if let Some(subject) = children.subject_digest()
                && manifests.iter().any(|it| it.digest() == subject)
            {
                ties.push((subject, referrer(Tie::Subject)));
            }
            // For a SHA-512 subject the tags would be longer than a tag may be.
            let subjects = manifests.iter().map(RawManifest::digest);
            for subject in subjects.filter(|it| it.algorithm() == Algorithm::Sha256) {
                for kind in [Kind::Signature, Kind::Attestation, Kind::Sbom] {
                    let tag = kind.tag(&subject);
                    if self.tagged(tag.as_str()).map(RawManifest::digest) == Some(manifest.digest())
                    {
                        ties.push((subject, referrer(Tie::Tag(tag))));
                    }
                }
            }
        }
        ties
    }
}

/// Configurations and evidence, then layers; and what is foreign.
fn pieces(
    manifests: &[RawManifest],
    referrers: &[(Digest, Referrer)],
) -> (Vec<Descriptor>, Vec<Descriptor>) {
    let (mut small, mut layers, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for manifest in manifests {
        let children = manifest.children().expect("the graph's own manifest");
        let is_evidence = |(_, it): &(_, Referrer)| it.descriptor.digest == manifest.digest();
        let early = if referrers.iter().any(is_evidence) {
            children.blobs.len()
        } else {
            children.blobs.len().min(1)
        };
        small.extend_from_slice(&children.blobs[..early]);
        layers.extend_from_slice(&children.blobs[early..]);
        foreign.extend(children.foreign);
    }
    small.extend(layers);
    (once(small), once(foreign))
}

fn once(mut nodes: Vec<Descriptor>) -> Vec<Descriptor> {
    let mut seen = BTreeSet::new();
    nodes.retain(|node| seen.insert(node.digest));
    nodes
}
