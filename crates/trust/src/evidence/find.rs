//! Finding evidence in a repository.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{
    Children, Descriptor, Digest, Error, ErrorKind, RawManifest, Referrer, Result, Source, Tie,
    Verifier, media_type,
};

use super::{Evidence, Form};
use crate::{
    Outcome,
    storage::{ANY_BUNDLE, ENVELOPE, SIMPLE_SIGNING},
};

/// The artifact type of Notary Project's signatures.
const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// How many blobs are read at once. They are small, and the source has a budget of its own.
const AT_ONCE: usize = 8;

/// What may be read for one artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most pieces of evidence.
    pub evidence: usize,
    /// The largest payload of simple signing, in bytes.
    pub signature: u64,
    /// The largest bundle or envelope, in bytes: an SBOM may be in it.
    pub attachment: u64,
    /// The most that is held in memory at once, in bytes.
    pub total: u64,
}

impl Default for Limits {
    /// 1000 pieces; 1 MiB, 128 MiB (cosign's own default) and 256 MiB.
    fn default() -> Self {
        Self {
            evidence: 1000,
            signature: 1 << 20,
            attachment: 128 << 20,
            total: 256 << 20,
        }
    }
}

/// What lies beside an artifact.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What can speak for it, in the order of the listing.
    pub evidence: Vec<Evidence>,
    /// Referrers that are no evidence: SBOMs without a signature, and whatever else people attach.
    pub others: Vec<Descriptor>,
}

/// A piece of evidence that is known and not yet read.
#[derive(Debug, Clone)]
pub struct Located {
    /// The artifact that it lies beside.
    pub subject: Digest,
    /// The manifest that carries it.
    pub manifest: Digest,
    /// The blob that it is, with the annotations of its layer.
    pub blob: Descriptor,
    /// How it is stored.
    pub form: Form,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Envelope,
    Bundle,
    Unsupported,
}

/// Finds and reads everything beside `subject` that `referrers` list: one request for each manifest, and one for each blob
/// of evidence.
///
/// # Errors
/// `CannotCheck` when something that is listed is not there or is not what it should be, or when there is more than
/// `limits` allow; else the source's own. Something larger than may be read is no error but evidence that says so.
pub async fn find(
    source: &dyn Source,
    subject: &Digest,
    referrers: &[Referrer],
    limits: &Limits,
) -> Result<Found> {
    let reads = referrers.iter().map(|referrer| async move {
        let read = source.manifest(&referrer.descriptor).await;
        read.map(|manifest| (referrer, manifest))
            .map_err(|error| unreadable(error, subject, &referrer.descriptor))
    });
    // Collected, because a stream that borrows is not `Send` enough for a gate (rust-lang/rust#89976).
    let reads: Vec<_> = reads.collect();
    let mut manifests = stream::iter(reads).buffered(AT_ONCE);
    let mut located = Vec::new();
    let mut others = Vec::new();
    // Each is dropped before the next: nobody knows how many there are, and each may have 4 MiB.
    while let Some((referrer, manifest)) = manifests.try_next().await? {
        let here = locate(subject, referrer, &manifest)
            .map_err(|error| unreadable(error, subject, &referrer.descriptor))?;
        if here.is_empty() {
            others.push(referrer.descriptor.clone());
        }
        located.extend(here);
        if located.len() > limits.evidence {
            return Err(too_many(subject, limits.evidence));
        }
    }
    let mut room = limits.total;
    let loads = located.iter().map(|located| {
        let size = located.blob.size;
        let fits = located.kind != Kind::Unsupported && size <= room;
        if fits {
            room -= size;
        }
        async move {
            if fits || located.kind == Kind::Unsupported {
                load(source, located, limits).await
            } else {
                Ok(located.too_large(limits.total))
            }
        }
    });
    let loads: Vec<_> = loads.collect();
    let evidence = stream::iter(loads).buffered(AT_ONCE).try_collect().await?;
    Ok(Found { evidence, others })
}

/// Which layers of a referrer's manifest are evidence. Nothing is read.
///
/// # Errors
/// `Corrupt` when the manifest cannot be read.
pub fn locate(
    subject: &Digest,
    referrer: &Referrer,
    manifest: &RawManifest,
) -> Result<Vec<Located>> {
    let children = manifest.children()?;
    if media_type::is_index(manifest.media_type()) {
        return Ok(Vec::new());
    }
    // The first blob of an image manifest is its configuration.
    let layers = if manifest.media_type() == media_type::OCI_ARTIFACT {
        &children.blobs[..]
    } else {
        children.blobs.get(1..).unwrap_or_default()
    };
    let legacy = match referrer.tie {
        Tie::Tag(_) => Form::LegacyTag,
        Tie::Subject => Form::LegacyReferrer,
    };
    let located = layers.iter().filter_map(|blob| {
        let (kind, form) = kind(blob, &children, legacy)?;
        Some(Located {
            subject: *subject,
            manifest: manifest.digest(),
            blob: blob.clone(),
            form,
            kind,
        })
    });
    Ok(located.collect())
}

/// What a layer is, by its own media type, or where that says nothing, by its manifest's type.
fn kind(blob: &Descriptor, children: &Children, legacy: Form) -> Option<(Kind, Form)> {
    let artifact = children.artifact_type.as_deref().unwrap_or_default();
    match blob.media_type.as_str() {
        SIMPLE_SIGNING => Some((Kind::Simple, legacy)),
        ENVELOPE => Some((Kind::Envelope, legacy)),
        layer if layer.starts_with(ANY_BUNDLE) => Some((Kind::Bundle, Form::Bundle)),
        _ if artifact.starts_with(ANY_BUNDLE) => Some((Kind::Bundle, Form::Bundle)),
        _ if artifact == NOTATION => Some((Kind::Unsupported, Form::Notation)),
        _ => None,
    }
}

/// Reads one piece of evidence.
///
/// # Errors
/// As for [`find`].
pub async fn load(source: &dyn Source, located: &Located, limits: &Limits) -> Result<Evidence> {
    let subject = located.subject;
    let evidence = match located.kind {
        Kind::Unsupported => {
            let why = "signatures of the Notary Project are not supported by this version";
            let outcome = Outcome::UnsupportedFormat;
            Evidence::unreadable(subject, located.form, outcome, why)
        }
        Kind::Simple if located.blob.size > limits.signature => {
            return Ok(located.too_large(limits.signature));
        }
        _ if located.blob.size > limits.attachment => {
            return Ok(located.too_large(limits.attachment));
        }
        kind => {
            let bytes = read(source, &located.blob)
                .await
                .map_err(|error| unreadable(error, &subject, &located.blob))?;
            parse(subject, kind, bytes, &located.blob.annotations)
        }
    };
    Ok(located.place(evidence))
}

fn parse(
    subject: Digest,
    kind: Kind,
    bytes: Bytes,
    annotations: &BTreeMap<String, String>,
) -> Evidence {
    match kind {
        Kind::Simple => Evidence::simple(subject, bytes, annotations),
        Kind::Envelope => Evidence::envelope(subject, &bytes, annotations),
        Kind::Bundle | Kind::Unsupported => Evidence::bundle(subject, &bytes),
    }
}

impl Located {
    fn place(&self, mut evidence: Evidence) -> Evidence {
        evidence.manifest = Some(self.manifest);
        evidence.blob = Some(self.blob.digest);
        evidence.form = self.form;
        evidence
    }

    fn too_large(&self, limit: u64) -> Evidence {
        let size = self.blob.size;
        let why = format!("it has {size} bytes, and no more than {limit} may be read");
        self.place(Evidence::unreadable(
            self.subject,
            self.form,
            Outcome::TooLarge,
            why,
        ))
    }
}

/// Reads a whole blob of known, allowed size, and checks that it is what it should be.
async fn read(source: &dyn Source, blob: &Descriptor) -> Result<Bytes> {
    let permit = match source.budget() {
        Some(budget) => Some(budget.acquire().await),
        None => None,
    };
    let verifier = Verifier::new(blob.clone());
    let mut stream = source.blob(blob, 0).await?;
    let mut bytes = BytesMut::new();
    while let Some(piece) = stream.try_next().await? {
        verifier.pass(bytes.len() as u64, &piece)?;
        bytes.extend_from_slice(&piece);
    }
    verifier.ended(bytes.len() as u64)?;
    drop(permit);
    Ok(bytes.freeze())
}

/// What is listed and not there, or not what it should be, leaves no verdict. Other errors are what they are: a network that
/// fails is not a matter of trust.
fn unreadable(error: Error, subject: &Digest, node: &Descriptor) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::DigestMismatch | ErrorKind::Corrupt => {
            let what = format!(
                "{} is listed as evidence for {subject} and cannot be read",
                node.digest
            );
            Error::new(ErrorKind::CannotCheck, what)
                .because(error)
                .hinting("copy or push the signatures again; until then nothing can be said of it")
        }
        _ => error,
    }
}

fn too_many(subject: &Digest, limit: usize) -> Error {
    let what = format!("there are more than {limit} pieces of evidence beside {subject}");
    Error::new(ErrorKind::CannotCheck, what)
        .hinting("remove signatures that are of no more use, or raise the limit")
}
