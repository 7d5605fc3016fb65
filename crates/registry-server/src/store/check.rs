//! The rule that a manifest comes after what it is made of.

use transship_oci::{Children, Error, ErrorKind, Name, RawManifest, Result};

use super::StoredRepository;

/// Checks that everything a manifest is made of is in the repository: child manifests, configuration and layers.
///
/// Foreign layers may live elsewhere and a subject may come later (image-spec, "Non-Distributable Layers";
/// distribution-spec, "Pushing Manifests with Subject").
///
/// # Errors
/// `Invalid` naming the first digest that is missing, or saying why the manifest cannot be read.
pub async fn complete(repository: &dyn StoredRepository, manifest: &RawManifest) -> Result<()> {
    let children = read(manifest)?;
    for child in &children.manifests {
        let name = Name::Digest(child.digest);
        if repository.find(&name).await?.is_none() {
            return Err(missing("manifest", manifest, &child.digest));
        }
    }
    for blob in &children.blobs {
        match repository.size(&blob.digest).await? {
            None => return Err(missing("blob", manifest, &blob.digest)),
            Some(size) if size != blob.size => {
                let message = format!(
                    "manifest {} says that blob {} has {} bytes, but it has {size}",
                    manifest.digest(),
                    blob.digest,
                    blob.size
                );
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The children of a manifest that somebody wants to put: whatever is wrong with it is the sender's mistake.
pub(crate) fn read(manifest: &RawManifest) -> Result<Children> {
    // An empty list would read as an object without fields.
    let first = manifest.bytes().iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'{') {
        let message = format!("manifest {} is not a json object", manifest.digest());
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    manifest
        .children()
        .map_err(|cause| Error::new(ErrorKind::Invalid, cause.message().to_owned()).because(cause))
}

fn missing(what: &str, manifest: &RawManifest, digest: &transship_oci::Digest) -> Error {
    let message = format!(
        "manifest {} names {what} {digest}, which is not here",
        manifest.digest()
    );
    Error::new(ErrorKind::Invalid, message)
}
