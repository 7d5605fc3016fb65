//! Puts what was signed beside what it was signed for.

use bytes::Bytes;
use transship_oci::{
    Descriptor, Digest, MemoryBlob, Placement, Presence, RawManifest, Result, Sink, Tag,
};

/// Something that was signed, ready to be put beside its subject.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The manifest.
    pub manifest: RawManifest,
    /// Its blobs that may be new.
    pub blobs: Vec<(Descriptor, Bytes)>,
    /// The tag it goes under; a referrer has none.
    pub tag: Option<Tag>,
}

/// Puts it there: blobs, then the manifest, then its tag. Idempotent. Gives the manifest's digest.
///
/// Of two who add to the same tag at once, the later overwrites the earlier: that is how cosign's first form is.
///
/// # Errors
/// The sink's.
pub async fn publish(signed: &Signed, sink: &dyn Sink) -> Result<Digest> {
    let nodes: Vec<Descriptor> = signed.blobs.iter().map(|(node, _)| node.clone()).collect();
    let have = sink.have(&nodes).await?;
    for ((node, bytes), presence) in signed.blobs.iter().zip(have) {
        if presence == Presence::Present {
            continue;
        }
        let permit = match sink.budget() {
            Some(budget) => Some(budget.acquire().await),
            None => None,
        };
        let placement = Placement {
            mount_from: None,
            absent: true,
        };
        let blob = MemoryBlob::new(node.clone(), bytes.clone());
        sink.put_blob(&blob, &placement).await?;
        drop(permit);
    }
    match &signed.tag {
        Some(tag) => {
            sink.tag(std::slice::from_ref(tag), &signed.manifest)
                .await?;
        }
        None => sink.put_manifest(&signed.manifest).await?,
    }
    Ok(signed.manifest.digest())
}

/// What lies under a tag now, to be added to.
///
/// # Errors
/// The sink's.
pub async fn tagged(sink: &dyn Sink, tag: &Tag) -> Result<Option<RawManifest>> {
    match sink.tagged(tag).await? {
        Some(node) => sink.manifest(&node).await.map(Some),
        None => Ok(None),
    }
}
