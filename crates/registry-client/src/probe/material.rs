//! What a probe pushes: small things that nobody else can have, so that they can be taken away without harm.

use bytes::Bytes;
use serde_json::json;
use transship_oci::{
    Descriptor, Error, ErrorKind, MemoryBlob, RawManifest, Result, Tag, media_type,
};

/// The artifact type of everything that a probe pushes: whoever finds some of it knows where it is from.
const KIND: &str = "application/vnd.transship.probe.v1+json";

/// The raw material of one probe.
#[derive(Debug)]
pub(super) struct Material {
    /// Makes every piece unique.
    nonce: String,
}

impl Material {
    pub(super) fn random() -> Self {
        Self {
            nonce: format!("{:032x}", rand::random::<u128>()),
        }
    }

    /// What makes every piece unique.
    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// A blob of a few bytes.
    pub(super) fn blob(&self) -> MemoryBlob {
        let bytes = Bytes::from(format!(r#"{{"nonce":"{}"}}"#, self.nonce));
        MemoryBlob::new(Descriptor::of(KIND, &bytes), bytes)
    }

    /// A manifest made of that blob; each `name` gives another.
    pub(super) fn manifest(&self, name: &str, subject: Option<&Descriptor>) -> Result<RawManifest> {
        let blob = transship_oci::Blob::descriptor(&self.blob()).clone();
        let mut document = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": KIND,
            "config": blob,
            "layers": [blob],
            "annotations": {"vnd.transship.probe": name},
        });
        if let (Some(subject), Some(fields)) = (subject, document.as_object_mut()) {
            fields.insert("subject".to_owned(), json!(subject));
        }
        named(media_type::OCI_MANIFEST, &document)
    }

    /// An index whose only child is nowhere.
    pub(super) fn sparse_index(&self) -> Result<RawManifest> {
        let child = Descriptor::of(media_type::OCI_MANIFEST, self.nonce.as_bytes());
        let document = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_INDEX,
            "artifactType": KIND,
            "manifests": [child],
        });
        named(media_type::OCI_INDEX, &document)
    }

    /// A tag that nobody else has.
    pub(super) fn tag(&self) -> Result<Tag> {
        format!("transship-probe-{}", self.nonce)
            .parse()
            .map_err(|cause| Error::new(ErrorKind::Internal, "tag of a probe").because(cause))
    }
}

fn named(kind: &str, document: &serde_json::Value) -> Result<RawManifest> {
    RawManifest::named(kind, document.to_string().into())
}
