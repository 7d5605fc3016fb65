//! Puts what was signed beside what it was signed for.

use bytes::Bytes;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, MemoryBlob, Name, Placement, Presence, RawManifest,
    Result, Sink, Tag,
};

use super::stack::united;

/// How often something is written under a tag, or is about to be, before we give way.
const ATTEMPTS: usize = 8;

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
/// Under a tag, what others have put there meanwhile stays. Registries cannot compare and swap, so what is there is read
/// just before it is written over and again after that, and whatever is missing then is put back. Of two who read and write
/// in the same instant and look away at once, one may still lose his layer: that is how cosign's first form is.
///
/// # Errors
/// The sink's; `Conflict` when something else lies under the tag, or when others write over it again and again.
pub async fn publish(signed: &Signed, sink: &dyn Sink) -> Result<Digest> {
    put(&signed.blobs, sink).await?;
    if let Some(tag) = &signed.tag {
        return under(tag, &signed.manifest, sink).await;
    }
    sink.put_manifest(&signed.manifest).await?;
    Ok(signed.manifest.digest())
}

/// Brings together what is ours and what is there, until it is there.
async fn under(tag: &Tag, ours: &RawManifest, sink: &dyn Sink) -> Result<Digest> {
    let mut wanted = ours.clone();
    for _ in 0..ATTEMPTS {
        let there = tagged(sink, tag).await?;
        let before = there.as_ref().map(RawManifest::digest);
        if let Some(there) = &there {
            let Some((manifest, config)) = united(there, &wanted)? else {
                return Ok(there.digest());
            };
            put(&[config], sink).await?;
            wanted = manifest;
        }
        let now = looked_up(sink, tag).await?.map(|node| node.digest);
        if now == before {
            sink.tag(std::slice::from_ref(tag), &wanted).await?;
        }
    }
    let message = format!("others wrote over tag {tag} each of {ATTEMPTS} times it was added to");
    Err(Error::new(ErrorKind::Conflict, message)
        .at(sink.location())
        .hinting("sign again when they are done"))
}

/// Puts those blobs there that are not.
async fn put(blobs: &[(Descriptor, Bytes)], sink: &dyn Sink) -> Result<()> {
    let nodes: Vec<Descriptor> = blobs.iter().map(|(node, _)| node.clone()).collect();
    let have = sink.have(&nodes).await?;
    for ((node, bytes), presence) in blobs.iter().zip(have) {
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
    Ok(())
}

/// What lies under a tag now, to be added to.
///
/// # Errors
/// The sink's.
pub async fn tagged(sink: &dyn Sink, tag: &Tag) -> Result<Option<RawManifest>> {
    match looked_up(sink, tag).await? {
        Some(node) => sink.manifest(&node).await.map(Some),
        None => Ok(None),
    }
}

/// What a tag points at in this instant. A sink may answer from a list that it keeps; a signature that somebody else has put
/// there since would be written over.
async fn looked_up(sink: &dyn Sink, tag: &Tag) -> Result<Option<Descriptor>> {
    let Some(reader) = sink.reader() else {
        return sink.tagged(tag).await;
    };
    match reader.resolve(&Name::Tag(tag.clone())).await {
        Ok(node) => Ok(Some(node)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
