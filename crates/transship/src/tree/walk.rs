//! Reading a tree from a repository.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use futures::{
    StreamExt as _, TryStreamExt as _,
    future::{BoxFuture, try_join},
    stream,
};
use transship_oci::{
    Children, Descriptor, Digest, Error, ErrorKind, RawManifest, Referrer, Result, Source,
    Tie as OciTie,
};

use super::{Kind, Node, Piece, Tie};

/// Steps from the root, as deep as the engine goes.
const MAX_DEPTH: usize = 8;
/// The most manifests in one tree: more than anybody can read.
const MAX_NODES: usize = 10_000;
/// Manifests asked for at once below one node; the host's budget has the last word.
const AT_ONCE: usize = 16;

/// Reads everything below and beside `root`.
///
/// # Errors
/// Whatever the source says; a child or referrer that is named and not there is no error, it is shown.
pub(crate) async fn walk(source: &dyn Source, root: &RawManifest) -> Result<Node> {
    let walk = Walk {
        source,
        seen: Mutex::default(),
    };
    let mut node = walk
        .node(root.clone(), root.descriptor().clone(), 0)
        .await?;
    pair_attestations(&mut node);
    Ok(node)
}

struct Walk<'a> {
    source: &'a dyn Source,
    /// Who stands in the tree beside somebody else already: referrers may refer to each other in a circle.
    seen: Mutex<HashSet<(Digest, Digest)>>,
}

impl Walk<'_> {
    fn node(
        &self,
        manifest: RawManifest,
        descriptor: Descriptor,
        depth: usize,
    ) -> BoxFuture<'_, Result<Node>> {
        Box::pin(async move {
            if depth > MAX_DEPTH {
                let message = format!("it is nested deeper than {MAX_DEPTH} steps");
                return Err(Error::new(ErrorKind::Corrupt, message).at(descriptor.digest));
            }
            let content = manifest.children()?;
            let (children, referrers) = try_join(
                self.children(&content, depth),
                self.beside(descriptor.digest, depth),
            )
            .await?;
            Ok(Node {
                kind: Kind::of(&descriptor, &content),
                blobs: pieces(&content, &descriptor),
                children,
                referrers,
                ..bare(&descriptor)
            })
        })
    }

    async fn children(&self, content: &Children, depth: usize) -> Result<Vec<Node>> {
        stream::iter(content.manifests.clone())
            .map(|child| self.fetched(child, depth + 1))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn beside(&self, subject: Digest, depth: usize) -> Result<Vec<Node>> {
        let mut referrers = self.source.referrers(&subject).await?;
        referrers.retain(|referrer| self.is_new(subject, referrer.descriptor.digest));
        self.check_room()?;
        // The order of two registries differs; that of a drawing should not.
        referrers.sort_by_key(|referrer| referrer.descriptor.digest);
        stream::iter(referrers)
            .map(|Referrer { descriptor, tie }| async move {
                let mut node = self.fetched(descriptor, depth + 1).await?;
                node.tie = Some(match tie {
                    OciTie::Subject => Tie::Subject,
                    OciTie::Tag(tag) => Tie::Tag(tag.to_string()),
                });
                Ok(node)
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn fetched(&self, descriptor: Descriptor, depth: usize) -> Result<Node> {
        if !descriptor.is_manifest() {
            return Ok(Node {
                kind: Kind::of(&descriptor, &Children::default()),
                ..bare(&descriptor)
            });
        }
        match self.source.manifest(&descriptor).await {
            Ok(manifest) => self.node(manifest, descriptor, depth).await,
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Node {
                missing: true,
                ..bare(&descriptor)
            }),
            Err(error) => Err(error),
        }
    }

    fn is_new(&self, subject: Digest, referrer: Digest) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((subject, referrer))
    }

    fn check_room(&self) -> Result<()> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > MAX_NODES {
            let message = format!("more than {MAX_NODES} referrers belong to it");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        Ok(())
    }
}

fn bare(descriptor: &Descriptor) -> Node {
    Node {
        digest: descriptor.digest,
        media_type: descriptor.media_type.clone(),
        size: descriptor.size,
        kind: Kind::of(descriptor, &Children::default()),
        platform: descriptor
            .platform
            .clone()
            .filter(|platform| platform.os != "unknown" && !platform.os.is_empty()),
        tie: attested(descriptor).map(|_| Tie::Index),
        subject_in_index: attested(descriptor),
        missing: false,
        blobs: Vec::new(),
        children: Vec::new(),
        referrers: Vec::new(),
    }
}

fn pieces(content: &Children, node: &Descriptor) -> Vec<Piece> {
    let has_config = !matches!(
        node.media_type.as_str(),
        transship_oci::media_type::OCI_ARTIFACT
    );
    let named = content.blobs.iter().enumerate().map(|(i, blob)| {
        let role = if i == 0 && has_config {
            "config"
        } else {
            "layer"
        };
        (role, blob)
    });
    let foreign = content.foreign.iter().map(|blob| ("foreign-layer", blob));
    named
        .chain(foreign)
        .map(|(role, blob)| Piece {
            role,
            digest: blob.digest,
            media_type: blob.media_type.clone(),
            size: blob.size,
        })
        .collect()
}

/// `BuildKit` puts attestations into the index, each with the digest of the child that it speaks of.
fn attested(descriptor: &Descriptor) -> Option<Digest> {
    let annotations = &descriptor.annotations;
    if annotations.get("vnd.docker.reference.type")? != "attestation-manifest" {
        return None;
    }
    annotations.get("vnd.docker.reference.digest")?.parse().ok()
}

/// Puts attestations that stand in an index beside what they speak of.
fn pair_attestations(node: &mut Node) {
    let (beside, mut children): (Vec<_>, Vec<_>) = std::mem::take(&mut node.children)
        .into_iter()
        .partition(|child| child.tie == Some(Tie::Index));
    for attestation in beside {
        let subject = attestation.subject_in_index;
        match children
            .iter_mut()
            .find(|child| Some(child.digest) == subject)
        {
            Some(child) => child.referrers.push(attestation),
            None => children.push(attestation),
        }
    }
    children.iter_mut().for_each(pair_attestations);
    node.children = children;
}
