//! A graph as an OCI image layout, from which crane, oras, regctl and skopeo can push.

use std::{fs, io, path::Path};

use serde_json::json;
use transship_oci::{Descriptor, Digest};

use super::Graph;

impl Graph {
    /// Writes the graph as an image layout (image-spec, image-layout.md) into a folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_layout(&self, folder: &Path) -> io::Result<()> {
        let put = |digest: &Digest, bytes: &[u8]| {
            let blobs = folder.join("blobs").join(digest.algorithm().as_str());
            fs::create_dir_all(&blobs)?;
            fs::write(blobs.join(digest.hex()), bytes)
        };
        for (digest, bytes) in self.blobs() {
            put(digest, bytes)?;
        }
        for manifest in self.manifests() {
            put(&manifest.digest(), manifest.bytes())?;
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": transship_oci::media_type::OCI_INDEX,
            "manifests": self.layout_entries(),
        });
        fs::write(folder.join("index.json"), index.to_string())?;
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
    }

    /// An entry for each tag, and one for each manifest without a tag that nothing else leads to.
    fn layout_entries(&self) -> Vec<Descriptor> {
        let named = self.tags().iter().filter_map(|(tag, digest)| {
            let mut entry = self.manifest(digest)?.descriptor().clone();
            let key = "org.opencontainers.image.ref.name".to_owned();
            entry.annotations.insert(key, tag.to_string());
            Some(entry)
        });
        let untagged = self.manifests().iter().filter(|manifest| {
            let refers = manifest
                .children()
                .is_ok_and(|children| children.subject.is_some());
            refers
                && !self
                    .tags()
                    .iter()
                    .any(|(_, digest)| *digest == manifest.digest())
        });
        named
            .chain(untagged.map(|manifest| manifest.descriptor().clone()))
            .collect()
    }
}
